// What a user may give as --columns: what is understood can be written and understood again.
#include "ingest/pair_columns.hpp"

#include "base/error.hpp"
#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string_view text = fuzzing::text_of(data, size);
  try {
    const std::string written = ingest::describe(ingest::parse_columns(text));
    fuzzing::check(ingest::describe(ingest::parse_columns(written)) == written,
                   "columns that are written are understood alike");
  } catch (const base::UsageError&) {
  }
  return 0;
}
