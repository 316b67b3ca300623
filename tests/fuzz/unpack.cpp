// Compressed files, of which the first byte of the input says how they are given: whole files and pieces unpack to the same.
#include "ingest/unpack.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "fuzz/fuzzing.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t most = 1 << 16;  // unpacked bytes that are looked at

/// What comes out of a file that is given in pieces; none if it is refused.
std::optional<std::string> unpacked(std::string_view packed, Packing packing, std::size_t piece,
                                    std::size_t room) {
  try {
    Unpacker unpacker(packing, "FILE");
    std::string out;
    for (std::string_view rest = packed; !rest.empty();) {
      std::string_view next = rest.substr(0, piece);
      rest.remove_prefix(next.size());
      while (!next.empty() && out.size() < most) {
        const std::size_t before = out.size();
        unpacker.add_some(next, out, room);
        fuzzing::check(out.size() - before <= room, "no more comes out than there is room for");
      }
      if (out.size() >= most) return out.substr(0, most);
    }
    unpacker.finish();
    fuzzing::check(unpacker.packed_bytes() == packed.size(), "all packed bytes are used");
    fuzzing::check(unpacker.unpacked_bytes() == out.size(), "all unpacked bytes are counted");
    return out;
  } catch (const base::DataError&) {
    return std::nullopt;
  }
}

}  // namespace
}  // namespace gemel::ingest

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  std::string_view packed = fuzzing::text_of(data, size);
  const std::size_t piece = std::size_t{1} + fuzzing::take_byte(packed);
  const auto packing = ingest::packing_of(packed);
  if (!packing) return 0;
  const auto whole = ingest::unpacked(packed, *packing, packed.size(), 1 << 14);
  const auto pieces = ingest::unpacked(packed, *packing, piece, std::max<std::size_t>(piece * 16, 1024));
  // What is cut off may be damaged.
  const auto is_cut = [](const auto& result) { return result && result->size() == ingest::most; };
  if (!is_cut(whole) && !is_cut(pieces))
    fuzzing::check(whole == pieces, "a file unpacks to the same, however it is cut");
  return 0;
}
