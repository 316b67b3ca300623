// Files of items and users: how they are read is refused, or names columns, of which one has the ids.
#include "ingest/table_layout.hpp"

#include <algorithm>

#include "fuzz/fuzzing.hpp"
#include "ingest/record_splitter.hpp"
#include "mpi/agreement.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  using namespace gemel::ingest;
  std::string_view text = fuzzing::text_of(data, size);
  const bool are_items = fuzzing::take_byte(text) % 2 == 0;
  const FileSample sample(text);
  try {
    const TableLayout layout =
        table_layout(sample, {}, are_items ? PairColumn::item : PairColumn::user, "key", "FILE");
    fuzzing::check(layout.id < layout.names.size(), "one column has the ids");
    fuzzing::check(layout.keys.empty() || layout.heading == 0, "JSON Lines have no heading");
    fuzzing::check(layout.keys.empty() || layout.keys == layout.names, "keys are names");
    const auto key = std::ranges::find(layout.names, "key");
    fuzzing::check(
        key == layout.names.end() || key == layout.names.begin() + static_cast<std::ptrdiff_t>(layout.id),
        "ids are where the interactions' name for them is");
    require_own_names(layout.names, "FILE");
    RecordSplitter split(layout.separator, layout.keys);
    for (const SampleLine& line : sample.lines()) {
      const std::size_t fields = split(line.text).size();
      if (!layout.keys.empty()) fuzzing::check(fields == layout.keys.size(), "every key has a field");
      if (line.number == layout.heading)
        fuzzing::check(fields == layout.names.size(), "the heading has the names");
    }
  } catch (const mpi::AgreedError&) {
  }
  return 0;
}
