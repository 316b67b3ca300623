#pragma once

#include <atomic>

namespace gemel::test {

// Programs that link replaced_calls have an operator new, an operator delete and a dnnl_primitive_execute of ours: in libraries in C++,
// too.

/// Called before every allocation by operator new; may throw std::bad_alloc. Null: nothing is.
extern std::atomic<void (*)()> before_allocation;

/// Called before every primitive that oneDNN executes; it fails where that returns false. Null: none does.
extern std::atomic<bool (*)()> before_primitive;

/// Whether this thread is within oneDNN, which allocates a map of its arguments in every call.
bool is_in_primitive();

/// Keeps what operator delete is given from now on, instead of freeing it.
void keep_deleted_memory();
/// Frees it. Returns the number of pieces that somebody has written to after they were deleted.
int free_deleted_memory();

}  // namespace gemel::test
