#include "base/pages.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace gemel::base {
namespace {

constexpr std::uintptr_t huge_page = std::uintptr_t{1} << 21;  // of x86-64, and most others

/// Advises on the whole pages within the memory. It is advice: where the kernel does not take it, nothing is lost but time or memory.
void advise(void* memory, std::size_t bytes, std::uintptr_t page, int advice) {
  const auto start = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (start + page - 1) / page * page;
  const std::uintptr_t end = (start + bytes) / page * page;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, advice);
}

}  // namespace

void prefer_huge_pages(void* memory, std::size_t bytes) {
  advise(memory, bytes, huge_page, MADV_HUGEPAGE);
}

void give_back_pages(void* memory, std::size_t bytes) {
  advise(memory, bytes, static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE)), MADV_DONTNEED);
}

}  // namespace gemel::base
