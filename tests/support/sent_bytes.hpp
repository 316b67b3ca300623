#pragma once

#include <cstdint>

namespace gemel::test {

/// Bytes that this process has handed to MPI for other ranks since the program began: counted at MPI's own doors by its profiling
/// interface, apart from what gemel says of itself. A collective's buffer counts once for each other rank that it is meant for.
std::int64_t sent_bytes();

/// The most bytes that one call of MPI has been given to send or to sum since `forget_largest_call`.
std::int64_t largest_call();
void forget_largest_call();

}  // namespace gemel::test
