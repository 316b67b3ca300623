#include "ingest/table_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "ingest/format_guess.hpp"
#include "ingest/json_lines.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/pair_columns.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& path, const std::string& what) {
  throw mpi::AgreedError(base::ExitCode::data, fmt::format("{}: {}", path.string(), what));
}

/// The column of ids.
std::size_t place_of_id(const std::vector<std::string>& names, PairColumn whose, const std::string& id_name,
                        const fs::path& path) {
  const auto of_interactions = std::ranges::find(names, id_name);
  if (of_interactions != names.end()) return static_cast<std::size_t>(of_interactions - names.begin());
  if (const std::optional<std::size_t> usual = find_column(whose, names)) return *usual;
  refuse(path, fmt::format("the first line names no column of {} ids, such as {}, but {}; rename one",
                           name_of(whose),
                           whose == PairColumn::item ? "item_id, movieId or asin" : "user_id, userId or uid",
                           fmt::join(names, ", ")));
}

/// The names that the first line has.
std::vector<std::string> names_of_heading(const SampleLine& heading, Separator separator,
                                          const fs::path& path) {
  FieldSplitter split(separator);
  std::vector<std::string> names;
  for (const Field& field : split(heading.text)) names.push_back(without_type(field.text));
  const FieldSplitter::Fault& fault = split.fault();
  if (!fault.expected.empty()) {
    refuse(path, fmt::format("line {}, which names the columns: {}: expected {}", heading.number,
                             quote(fault.where), fault.expected));
  }
  return names;
}

}  // namespace

std::string TableLayout::description() const {
  return keys.empty() ? fmt::format("separated by {}", name_of(separator)) : "JSON Lines";
}

TableLayout table_layout(const FileSample& sample, const std::vector<std::string>& names, PairColumn whose,
                         const std::string& id_name, const fs::path& path) {
  const std::vector<SampleLine>& lines = sample.lines();
  if (lines.empty())
    refuse(path, fmt::format("this file is empty; it should have a line for each {}", name_of(whose)));
  TableLayout layout{.names = names};
  if (names.empty() && begins_object(lines.front().text)) {
    layout.keys = keys_of_lines(lines);
    std::erase_if(layout.keys, [](const std::string& key) { return key.find('.') != key.npos; });
    if (layout.keys.empty())
      refuse(path, fmt::format("line {}: expected a JSON object in one line", lines.front().number));
    layout.names = layout.keys;
  } else {
    layout.separator = choose_separator(lines);
    if (names.empty()) {
      layout.heading = lines.front().number;
      layout.names = names_of_heading(lines.front(), layout.separator, path);
    }
  }
  layout.id = place_of_id(layout.names, whose, id_name, path);
  return layout;
}

void require_own_names(const std::vector<std::string>& names, const fs::path& path) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_twice = std::ranges::count(names, names[i]) > 1;
    if (!is_twice && !names[i].empty()) continue;
    refuse(path, fmt::format("column {} of the first line, {}, {}; name each once", i + 1, quote(names[i]),
                             is_twice ? "is there twice" : "has no name"));
  }
}

}  // namespace gemel::ingest
