#pragma once

#include <hdf5.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

namespace gemel::hdf5 {

/// The bytes of a file, in memory: pages that nothing was written to take none.
class SparseBytes {
 public:
  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Zeros where nothing was written.
  void read(std::uint64_t offset, std::span<std::byte> bytes) const;

  std::uint64_t size = 0;  ///< of the file

 private:
  static constexpr std::size_t page_bytes = 4096;
  std::map<std::uint64_t, std::array<std::byte, page_bytes>> pages_;
};

/// Lets a file that is created with this access property list be in `bytes`, which must outlive it: HDF5 makes no call of the system for
/// it. Throws Hdf5Error.
void store_in_memory(hid_t access, SparseBytes& bytes);

}  // namespace gemel::hdf5
