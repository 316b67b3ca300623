// Any bytes as text: a scan finds what a walk over the characters finds, and a conversion makes UTF-8.
#include "ingest/text_encoding.hpp"

#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string_view text = fuzzing::text_of(data, size);
  const ingest::TextScan scan = ingest::scan_text(text);
  std::size_t invalid = std::string_view::npos;
  std::size_t multibyte = std::string_view::npos;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = ingest::utf8_character(text.substr(at));
    fuzzing::check(length <= 4 && at + length <= text.size(), "a character lies within the text");
    if (length == 0 && invalid == std::string_view::npos) invalid = at;
    if (length > 1 && multibyte == std::string_view::npos) multibyte = at;
    at += length == 0 ? 1 : length;
  }
  fuzzing::check(scan.invalid_at == invalid, "a scan finds the first byte that is no UTF-8");
  fuzzing::check(scan.multibyte_at == multibyte, "a scan finds the first character of several bytes");
  fuzzing::check(scan.fault.has_value() == (scan.fault_at < text.size()), "a fault has a place");
  const std::string utf8 = ingest::windows_1252_to_utf8(text);
  fuzzing::check(ingest::scan_text(utf8).is_utf8(), "what is converted is UTF-8");
  fuzzing::check(utf8.size() >= text.size() && utf8.size() <= 3 * text.size(), "a byte becomes one to three");
  return 0;
}
