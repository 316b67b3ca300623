#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// What is wrong with a byte of a text, whatever its encoding.
enum class TextFault {
  nul,
  control,          ///< another control character than tab, LF and CR
  carriage_return,  ///< a CR with no LF after it, other than the last byte
  byte_order_mark,  ///< UTF-8's
};

/// Where bytes of a text are for the first time; npos: nowhere.
struct TextScan {
  std::optional<TextFault> fault;
  std::size_t fault_at = std::string_view::npos;
  std::size_t multibyte_at = std::string_view::npos;  ///< a valid UTF-8 character of several bytes
  std::size_t invalid_at = std::string_view::npos;    ///< a byte that cannot be where it is in UTF-8
  /// One of the five bytes that Windows-1252 has no character for; known only when there are no valid characters of several bytes.
  std::size_t undefined_at = std::string_view::npos;

  bool is_utf8() const { return invalid_at == std::string_view::npos; }
  bool has_multibyte() const { return multibyte_at != std::string_view::npos; }
};

/// Looks at every byte of `text`.
TextScan scan_text(std::string_view text);

/// How many of the first bytes of `text` are one character of UTF-8, without overlong forms and surrogates; 0: they are none.
std::size_t utf8_character(std::string_view text);

/// Windows-1252 as UTF-8. It is Latin-1 with printable characters in place of 27 of the control characters 0x80
/// to 0x9f; the other five stay what they are.
std::string windows_1252_to_utf8(std::string_view text);

}  // namespace gemel::ingest
