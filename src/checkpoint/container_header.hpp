#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "checkpoint/digest.hpp"

namespace gemel::checkpoint {

/// The first 512 bytes of a file of ours, which HDF5 leaves to us (its "user block"): lines of text, filled up with zero bytes. They say
/// how all the rest is proved, before any of it is used.
///
///   gemel-container 1
///   bytes 123456                    of the whole file
///   contents 120000 3456 <digest>   offset, length and digest of the table of contents, at the end of the file
///   structure <digest>              of all between this header and the table of contents but the values of datasets
///   header <XXH3-64 of the lines above>
///
/// The values of a dataset have their checksums in another dataset, whose values belong to the structure. So every byte of the file is
/// under one of the digests, and each block of values is proved when it is read.
struct ContainerHeader {
  std::uint64_t file_bytes = 0;
  std::uint64_t contents_offset = 0;
  std::uint64_t contents_bytes = 0;
  Digest contents;
  Digest structure;

  static constexpr std::size_t bytes = 512;
  using Bytes = std::array<std::byte, bytes>;

  Bytes encode() const;
  /// Nothing where a bit of it differs from what encode() makes.
  static std::optional<ContainerHeader> decode(std::span<const std::byte, bytes> encoded);
};

/// How a file begins.
enum class Beginning {
  header,        ///< as a header of this version does, whole or damaged
  newer_header,  ///< as a header of a later version does
  hdf5,  ///< as HDF5 files without a user block do: a file of an older version of this program, or of another program
  damaged_header,  ///< HDF5 begins where a header of ours should end
  other,
};
/// `encoded`: the first bytes of a file, up to 520 of them.
Beginning beginning_of(std::span<const std::byte> encoded);

}  // namespace gemel::checkpoint
