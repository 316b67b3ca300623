#include "ingest/text_encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gemel::ingest {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The characters of bytes 0x80 to 0x9f; 0: there is none.
constexpr std::array<std::uint16_t, 32> windows_1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

std::uint8_t byte_of(char c) {
  return static_cast<std::uint8_t>(c);
}

/// Whether the byte needs a closer look: not ASCII, or a control character other than LF and tab.
bool is_notable(std::uint8_t byte) {
  return static_cast<std::uint8_t>(byte - 0x20) >= 0x7f - 0x20 && byte != '\n' && byte != '\t';
}

/// The first notable byte at or after `at`. Whole blocks without one are skipped by vector instructions.
std::size_t next_notable(std::string_view text, std::size_t at) {
  constexpr std::size_t block = 64;
  for (; at + block <= text.size(); at += block) {
    unsigned found = 0;
    for (std::size_t i = 0; i < block; ++i) found |= is_notable(byte_of(text[at + i])) ? 1U : 0U;
    if (found != 0) break;
  }
  while (at < text.size() && !is_notable(byte_of(text[at]))) ++at;
  return at;
}

std::optional<TextFault> fault_of(std::string_view text, std::size_t at) {
  const std::uint8_t byte = byte_of(text[at]);
  if (byte == 0) return TextFault::nul;
  if (byte == '\r') {
    const bool ends_line = at + 1 == text.size() || text[at + 1] == '\n';
    return ends_line ? std::nullopt : std::optional(TextFault::carriage_return);
  }
  if (byte < 0x20 || byte == 0x7f) return TextFault::control;
  if (text.substr(at).starts_with(byte_order_mark)) return TextFault::byte_order_mark;
  return std::nullopt;
}

void note(std::size_t& first, std::size_t at) {
  if (first == nowhere) first = at;
}

}  // namespace

std::size_t utf8_character(std::string_view text) {
  if (text.empty()) return 0;
  const std::uint8_t lead = byte_of(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  // What the second byte may be, so that no character has two forms, is half a surrogate, or lies beyond U+10FFFF.
  const std::uint8_t least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const std::uint8_t most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte_of(text[1]) < least || byte_of(text[1]) > most) return 0;
  const bool goes_on =
      std::ranges::all_of(text.substr(2, length - 2), [](char c) { return (byte_of(c) & 0xc0) == 0x80; });
  return goes_on ? length : 0;
}

TextScan scan_text(std::string_view text) {
  TextScan scan;
  for (std::size_t at = next_notable(text, 0); at < text.size(); at = next_notable(text, at)) {
    if (!scan.fault && (scan.fault = fault_of(text, at))) scan.fault_at = at;
    const std::size_t length = utf8_character(text.substr(at));
    if (length > 1) note(scan.multibyte_at, at);
    if (length == 0) {
      note(scan.invalid_at, at);
      const std::uint8_t byte = byte_of(text[at]);
      if (byte < 0xa0 && windows_1252[byte - 0x80] == 0) note(scan.undefined_at, at);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return scan;
}

std::string windows_1252_to_utf8(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size() + text.size() / 16);
  for (const char c : text) {
    const std::uint8_t byte = byte_of(c);
    const unsigned special = byte >= 0x80 && byte < 0xa0 ? windows_1252[byte - 0x80] : 0U;
    const unsigned code = special != 0 ? special : byte;
    if (code < 0x80) {
      utf8 += c;
    } else if (code < 0x800) {
      utf8 += static_cast<char>(0xc0 | (code >> 6));
      utf8 += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      utf8 += static_cast<char>(0xe0 | (code >> 12));
      utf8 += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      utf8 += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  return utf8;
}

}  // namespace gemel::ingest
