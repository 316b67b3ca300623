#include "replaced/replaced_calls.hpp"

#include <dlfcn.h>
#include <malloc.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>
#include <span>

namespace gemel::test {

std::atomic<void (*)()> before_allocation = nullptr;
std::atomic<bool (*)()> before_primitive = nullptr;

namespace {

thread_local bool in_primitive = false;

/// Memory that was deleted, but not freed. It is filled with `filling`.
struct Deleted {
  Deleted* next;
  std::span<std::byte> memory;
};
constexpr std::byte filling{0xA5};
std::atomic<bool> keeps_deleted = false;
std::mutex deleted_mutex;
Deleted* last_deleted = nullptr;

void* allocate(std::size_t size, std::size_t alignment) {
  if (const auto hook = before_allocation.load()) hook();
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  return memory;
}

void free_or_keep(void* memory) {
  if (memory == nullptr || !keeps_deleted) {
    std::free(memory);
    return;
  }
  const std::span bytes(static_cast<std::byte*>(memory), malloc_usable_size(memory));
  std::ranges::fill(bytes, filling);
  auto* const deleted = static_cast<Deleted*>(std::malloc(sizeof(Deleted)));
  const std::lock_guard lock(deleted_mutex);
  last_deleted = new (deleted) Deleted{last_deleted, bytes};
}

}  // namespace

bool is_in_primitive() {
  return in_primitive;
}

void keep_deleted_memory() {
  keeps_deleted = true;
}

int free_deleted_memory() {
  keeps_deleted = false;
  int written = 0;
  const std::lock_guard lock(deleted_mutex);
  while (last_deleted != nullptr) {
    Deleted* const deleted = last_deleted;
    written += std::ranges::all_of(deleted->memory, [](std::byte byte) { return byte == filling; }) ? 0 : 1;
    last_deleted = deleted->next;
    std::free(deleted->memory.data());
    std::free(deleted);
  }
  return written;
}

}  // namespace gemel::test

extern "C" dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream,
                                                int arguments, const dnnl_exec_arg_t* list) {
  static const auto execute =
      reinterpret_cast<decltype(&dnnl_primitive_execute)>(dlsym(RTLD_NEXT, "dnnl_primitive_execute"));
  if (const auto hook = gemel::test::before_primitive.load(); hook != nullptr && !hook())
    return dnnl_runtime_error;
  gemel::test::in_primitive = true;
  const dnnl_status_t status = execute(primitive, stream, arguments, list);
  gemel::test::in_primitive = false;
  return status;
}

void* operator new(std::size_t size) {
  return gemel::test::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return gemel::test::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  gemel::test::free_or_keep(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  gemel::test::free_or_keep(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  gemel::test::free_or_keep(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  gemel::test::free_or_keep(memory);
}
