#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/decoder.hpp"

namespace gemel::ingest {

/// For messages: "gzip".
std::string_view name_of(Packing packing);

/// How many first bytes of a file packing_of wants to see, if there are as many.
constexpr std::size_t packing_magic_bytes = 10;

/// How a file that begins with these bytes is compressed; its name does not matter.
std::optional<Packing> packing_of(std::string_view first_bytes);

/// Unpacks a compressed file piece by piece. Several streams one after the other, as `cat a.gz b.gz`, pigz and pbzip2 write them,
/// are one file, and so are zstd's frames, of which skippable ones are skipped. Zeros may follow after gzip's last stream, nothing
/// else after any. Takes the memory that its library needs: 40 kB for gzip, up to 4 MB for bzip2, up to 128 MiB for zstd.
///
/// Throws DataError with the place in the packed file and a remedy; an Unpacker that has thrown is not to be used any further.
class Unpacker {
 public:
  /// The path is for messages.
  Unpacker(Packing packing, std::filesystem::path path);

  /// Appends to `out` what comes out of the next bytes of the file: at most `room` bytes, at least 1, which is how a file that
  /// unpacks to a thousand times its size is kept small in memory. Takes off `packed` what it has used: go on until it is empty.
  void add_some(std::string_view& packed, std::string& out, std::size_t room);

  /// The same without a bound.
  void add(std::string_view packed, std::string& out);

  /// The file has ended. Throws if it should have gone on.
  void finish() const;

  std::uint64_t packed_bytes() const { return packed_bytes_; }      ///< used so far
  std::uint64_t unpacked_bytes() const { return unpacked_bytes_; }  ///< made so far

 private:
  /// Checks the first bytes of a stream before they are unpacked, and skips zeros in place of one. Returns whether a stream goes on.
  bool begins_well(std::string_view& packed);
  void take(std::string_view& packed, std::size_t bytes);
  [[noreturn]] void refuse_what_follows() const;
  [[noreturn]] void refuse(const Decoder::Progress& progress) const;

  Packing packing_;
  std::filesystem::path path_;
  std::unique_ptr<Decoder> decoder_;
  std::string magic_;  // of the stream that is read, as far as it is known; empty: none has begun
  std::uint64_t stream_start_ = 0;  // in the packed file; where the next would begin, if none has begun
  bool is_padded_ = false;          // zeros came after the last stream
  std::uint64_t packed_bytes_ = 0;
  std::uint64_t unpacked_bytes_ = 0;
};

}  // namespace gemel::ingest
