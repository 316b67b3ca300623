#include "checkpoint/container_header.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gemel::checkpoint {
namespace {

constexpr std::string_view mark = "gemel-container ";
constexpr std::string_view version = "1\n";
constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";

std::string hexadecimal(const Digest& digest) {
  return fmt::format("{:016x}{:016x}", digest.high, digest.low);
}

/// Reads words off the front of a text. What it gives is proved by writing it again.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  bool skip(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool number(std::uint64_t& value) { return take(value, 10, text_.size()); }
  bool digest(Digest& value) { return take(value.high, 16, 16) && take(value.low, 16, 16); }

 private:
  bool take(std::uint64_t& value, int base, std::size_t most) {
    const std::size_t length = std::min(most, text_.size());
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + length, value, base);
    if (error != std::errc()) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }

  std::string_view text_;
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ContainerHeader::Bytes ContainerHeader::encode() const {
  std::string text =
      fmt::format("{}{}bytes {}\ncontents {} {} {}\nstructure {}\n", mark, version, file_bytes,
                  contents_offset, contents_bytes, hexadecimal(contents), hexadecimal(structure));
  text += fmt::format("header {:016x}\n", XXH3_64bits(text.data(), text.size()));
  base::require(text.size() <= bytes, "checkpoint: the header has too many digits");
  Bytes encoded{};
  std::memcpy(encoded.data(), text.data(), text.size());
  return encoded;
}

std::optional<ContainerHeader> ContainerHeader::decode(std::span<const std::byte, bytes> encoded) {
  Words words(as_text(encoded));
  ContainerHeader header;
  const bool is_read =
      words.skip(mark) && words.skip(version) && words.skip("bytes ") && words.number(header.file_bytes) &&
      words.skip("\ncontents ") && words.number(header.contents_offset) && words.skip(" ") &&
      words.number(header.contents_bytes) && words.skip(" ") && words.digest(header.contents) &&
      words.skip("\nstructure ") && words.digest(header.structure);
  if (!is_read || !std::ranges::equal(header.encode(), encoded)) return std::nullopt;
  return header;
}

Beginning beginning_of(std::span<const std::byte> encoded) {
  const std::string_view text = as_text(encoded);
  if (text.starts_with(mark)) {
    const std::string_view rest = text.substr(mark.size());
    // A later version, unless a bit of the number has been flipped: then the header's own checksum is of this one.
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    const bool is_number = error == std::errc() && end != rest.data() + rest.size() && *end == '\n';
    if (!is_number || number <= 1 || encoded.size() < ContainerHeader::bytes) return Beginning::header;
    std::array<std::byte, ContainerHeader::bytes> as_ours{};
    std::ranges::copy(encoded.first(ContainerHeader::bytes), as_ours.begin());
    as_ours[mark.size()] = std::byte{'1'};
    return ContainerHeader::decode(as_ours) ? Beginning::header : Beginning::newer_header;
  }
  if (text.starts_with(hdf5_signature)) return Beginning::hdf5;
  if (text.size() > ContainerHeader::bytes && text.substr(ContainerHeader::bytes).starts_with(hdf5_signature))
    return Beginning::damaged_header;
  return Beginning::other;
}

}  // namespace gemel::checkpoint
