#include "replaced/replaced_calls.hpp"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace gemel::test {

std::atomic<void (*)()> before_allocation = nullptr;
std::atomic<bool (*)()> before_primitive = nullptr;

namespace {

thread_local bool in_primitive = false;

void* allocate(std::size_t size, std::size_t alignment) {
  if (const auto hook = before_allocation.load()) hook();
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  return memory;
}

}  // namespace

bool is_in_primitive() {
  return in_primitive;
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
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
