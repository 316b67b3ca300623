#include "hdf5/memory_driver.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

#include "hdf5/error.hpp"

#if H5_VERSION_GE(1, 13, 0)
#error \
    "HDF5 describes drivers otherwise from 1.13 on: H5FDdevelop.h, a version and a value. Nobody has tried that here yet."
#endif

namespace gemel::hdf5 {
namespace {

/// What an access property list has for the driver.
struct Access {
  SparseBytes* bytes;
};

/// HDF5 sees the first member.
struct MemoryFile {
  H5FD_t base;
  SparseBytes* bytes;
  haddr_t end_of_allocation;
};

MemoryFile& file_of(H5FD_t* file) {
  return *reinterpret_cast<MemoryFile*>(file);
}
const MemoryFile& file_of(const H5FD_t* file) {
  return *reinterpret_cast<const MemoryFile*>(file);
}

H5FD_t* open(const char*, unsigned, hid_t access, haddr_t) {
  const auto* given = static_cast<const Access*>(H5Pget_driver_info(access));
  if (given == nullptr) return nullptr;
  auto* file = new (std::nothrow) MemoryFile{};
  if (file == nullptr) return nullptr;
  file->bytes = given->bytes;
  return &file->base;
}

herr_t close(H5FD_t* file) {
  delete &file_of(file);
  return 0;
}

herr_t query(const H5FD_t*, unsigned long* flags) {
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA;
  return 0;
}

haddr_t get_end_of_allocation(const H5FD_t* file, H5FD_mem_t) {
  return file_of(file).end_of_allocation;
}

herr_t set_end_of_allocation(H5FD_t* file, H5FD_mem_t, haddr_t end) {
  file_of(file).end_of_allocation = end;
  return 0;
}

haddr_t get_end_of_file(const H5FD_t* file, H5FD_mem_t) {
  return file_of(file).bytes->size;
}

herr_t read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t offset, std::size_t count, void* bytes) {
  file_of(file).bytes->read(offset, {static_cast<std::byte*>(bytes), count});
  return 0;
}

herr_t write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t offset, std::size_t count, const void* bytes) {
  try {
    file_of(file).bytes->write(offset, {static_cast<const std::byte*>(bytes), count});
  } catch (const std::bad_alloc&) {  // HDF5 is C
    return -1;
  }
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t, hbool_t) {
  file_of(file).bytes->size = file_of(file).end_of_allocation;
  return 0;
}

hid_t driver() {
  static const H5FD_class_t description = [] {
    H5FD_class_t driver{};
    driver.name = "gemel_memory";
    driver.maxaddr = std::numeric_limits<std::int64_t>::max();
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(Access);
    driver.open = open;
    driver.close = close;
    driver.query = query;
    driver.get_eoa = get_end_of_allocation;
    driver.set_eoa = set_end_of_allocation;
    driver.get_eof = get_end_of_file;
    driver.read = read;
    driver.write = write;
    driver.truncate = truncate;
    return driver;
  }();
  static const hid_t registered = check(H5FDregister(&description), "H5FDregister");
  return registered;
}

}  // namespace

void SparseBytes::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  size = std::max(size, offset + bytes.size());
  while (!bytes.empty()) {
    auto& page = pages_[offset / page_bytes];
    const std::size_t begin = offset % page_bytes;
    const std::size_t count = std::min(bytes.size(), page_bytes - begin);
    std::memcpy(page.data() + begin, bytes.data(), count);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void SparseBytes::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto page = pages_.find(offset / page_bytes);
    const std::size_t begin = offset % page_bytes;
    const std::size_t count = std::min(bytes.size(), page_bytes - begin);
    if (page == pages_.end()) {
      std::memset(bytes.data(), 0, count);
    } else {
      std::memcpy(bytes.data(), page->second.data() + begin, count);
    }
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void store_in_memory(hid_t access, SparseBytes& bytes) {
  const Access given = {&bytes};
  check(H5Pset_driver(access, driver(), &given), "H5Pset_driver");
}

}  // namespace gemel::hdf5
