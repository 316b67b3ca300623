#pragma once

#include <cstddef>
#include <vector>

namespace gemel::base {

/// Asks the kernel for huge pages under memory that has not been written yet: each page of 4 KiB costs a fault when it is first written,
/// which takes longer than to write it. Small memory, and a kernel that has none, stay as they are.
void prefer_huge_pages(void* memory, std::size_t bytes);

/// Gives the pages of memory, which is not needed but will not be freed yet, back to the kernel. What it held is lost.
void give_back_pages(void* memory, std::size_t bytes);

/// Makes an empty vector one of `size` zeros, on huge pages where there are any.
template <class T>
void resize_on_huge_pages(std::vector<T>& values, std::size_t size) {
  values.reserve(size);
  prefer_huge_pages(values.data(), size * sizeof(T));
  values.resize(size);
}

/// Makes a vector shorter, and gives back the memory behind its end without moving what stays.
template <class T>
void shorten(std::vector<T>& values, std::size_t size) {
  values.resize(size);
  give_back_pages(values.data() + size, (values.capacity() - size) * sizeof(T));
}

}  // namespace gemel::base
