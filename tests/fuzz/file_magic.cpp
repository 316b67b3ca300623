// The beginnings of files that may be of other formats than text: refused with the file's name, and lines of plain words never are.
#include "ingest/file_magic.hpp"

#include <algorithm>
#include <string>

#include "base/error.hpp"
#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string_view head = fuzzing::text_of(data, std::min<std::size_t>(size, 512));
  const bool is_plain = std::ranges::all_of(
      head, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ',' || c == '\n'; });
  try {
    ingest::refuse_other_formats("FILE", head);
  } catch (const base::DataError& error) {
    fuzzing::check(!is_plain, "lines of plain words are read");
    fuzzing::check(std::string(error.what()).starts_with("FILE: is "), "the message says what the file is");
  }
  return 0;
}
