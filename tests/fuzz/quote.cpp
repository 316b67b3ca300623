// Any bytes, quoted for a message: short, and nothing in it that a terminal would take for something else.
#include <algorithm>

#include "fuzz/fuzzing.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/text_encoding.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string quoted = ingest::quote(fuzzing::text_of(data, size));
  const ingest::TextScan scan = ingest::scan_text(quoted);
  fuzzing::check(scan.is_utf8(), "a quote is UTF-8");
  fuzzing::check(!scan.fault, "a quote has no control characters");
  fuzzing::check(std::ranges::count(quoted, '\n') + std::ranges::count(quoted, '\t') == 0,
                 "a quote is one line");
  fuzzing::check(quoted.size() <= 5 + 60 * 4, "a quote is short");
  return 0;
}
