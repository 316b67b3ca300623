// What a user may give as --columns: what is understood is written as it was.
#include "ingest/pair_columns.hpp"

#include "base/error.hpp"
#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string_view text = fuzzing::text_of(data, size);
  try {
    fuzzing::check(ingest::parse_pair_columns(text).describe(",") == text,
                   "columns are written as they were given");
  } catch (const base::UsageError&) {
  }
  return 0;
}
