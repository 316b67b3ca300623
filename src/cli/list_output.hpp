#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "model/catalogue_file.hpp"
#include "mpi/communicator.hpp"
#include "options/option.hpp"
#include "serving/item_lists.hpp"
#include "serving/list_writer.hpp"

namespace gemel::cli {

/// What a command is told to make of its lists of items.
struct ListOutput {
  std::int64_t top_k = 10;
  std::optional<serving::ListFileFormat> format;  ///< not given: that of the file's name, or a table
  std::string out;                                ///< empty: standard output
  bool json = false;
  bool force = false;
};

/// Bound to the fields of `output`.
std::vector<options::Option> list_rows(ListOutput& output);

/// Throws UsageError for options that contradict each other.
void check(const ListOutput& output);

/// Whether a person reads one list as a table, or a program all of them as one document, rather than lines or a file.
inline bool is_document(const ListOutput& output, bool is_one) {
  return output.json || (is_one && !output.format && output.out.empty());
}

/// All lists as JSON on root, [{"query": ..., "items": [...]}, ...] as serving::jsonl_lists() has them; elsewhere null. Root needs memory
/// for them. Collective.
nlohmann::ordered_json lists_json(serving::ListSource& source, const model::Catalogue& catalogue,
                                  mpi::Communicator& communicator);

/// The items of such a list as a table for people. Whole lines.
std::string items_table(const nlohmann::ordered_json& list);

/// Writes all lists where `output` says, and says on root how far it is and what was written. Collective.
void write_lists(serving::ListSource& source, const model::Catalogue& catalogue, const ListOutput& output,
                 mpi::Communicator& communicator, std::ostream& out);

}  // namespace gemel::cli
