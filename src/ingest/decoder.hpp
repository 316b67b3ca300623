#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// How a file is compressed.
enum class Packing { gzip, zstd, bzip2 };

/// The decompressor of one library, for one compressed stream after the other.
class Decoder {
 public:
  /// What one call has done.
  struct Progress {
    std::size_t used = 0;    ///< of the packed bytes
    std::size_t made = 0;    ///< unpacked bytes
    bool has_ended = false;  ///< the stream is complete and its checksum right; what follows is another one
    std::string_view fault =
        {};  ///< what is wrong with the stream, in the words of its library; empty: nothing
    std::string_view remedy = {};  ///< with {0} for the path, where a fault is no damage
  };

  virtual ~Decoder() = default;

  /// Unpacks to `out`, until `packed` is used up, `room` bytes are made, or the stream has ended.
  virtual Progress decode(std::string_view packed, char* out, std::size_t room) = 0;
};

/// Throws std::bad_alloc.
std::unique_ptr<Decoder> make_decoder(Packing packing);

}  // namespace gemel::ingest
