#include "ingest/item_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/ids.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/record_cutter.hpp"
#include "ingest/record_splitter.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/table_layout.hpp"
#include "ingest/text_file.hpp"
#include "ingest/typed_column.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::string_view remedy = "Correct the file.";
constexpr const char* id_column = "item_id";
constexpr const char* title_column = "title";

/// Names of titles in headings, in lower case.
constexpr std::array<std::string_view, 8> titles = {"movie_title",  "item_title", "product_title",
                                                    "book_title",   "movietitle", "item_name",
                                                    "product_name", "name"};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& what) {
  throw mpi::AgreedError(base::ExitCode::data, fmt::format("{}: {}", path.string(), what));
}

/// The names of the columns, with the two that we know by our own.
std::vector<std::string> our_names(const TableLayout& layout, const std::filesystem::path& path) {
  std::vector<std::string> names = layout.names;
  names[layout.id] = id_column;
  if (std::ranges::find(names, title_column) == names.end()) {
    const auto title = std::ranges::find_if(names, [](const std::string& name) {
      return std::ranges::find(titles, boost::algorithm::to_lower_copy(name)) != titles.end();
    });
    if (title != names.end()) *title = title_column;
  }
  require_own_names(names, path);
  return names;
}

/// The fields of all lines as texts, column by column.
class TableReader {
 public:
  TableReader(const std::filesystem::path& path, const TableLayout& layout)
      : layout_(layout),
        names_(our_names(layout, path)),
        split_(layout.separator, layout.keys),
        errors_(path),
        path_(path),
        texts_(names_.size()) {}

  void read(std::string_view text) {
    const auto visit = [&](const Line& line) { return line.number == layout_.heading || add(line); };
    RecordCutter cutter({layout_.separator, names_.size()}, 1, {});
    cutter.finish(text, visit);
  }

  /// Throws AgreedError.
  Columns finish(BadLines bad_lines) {
    auto alone = mpi::Communicator::self();
    errors_.settle(bad_lines, remedy, alone);
    if (line_of_.empty()) {
      refuse(path_, layout_.heading > 0 ? "there are no items below the first line" : "there are no items");
    }
    Columns columns;
    columns.rows = line_of_.size();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] != layout_.names[i]) columns.own_names[layout_.names[i]] = names_[i];
      const bool is_text = names_[i] == id_column || names_[i] == title_column;
      if (is_text) {
        columns.strings[names_[i]] = std::move(texts_[i]);
      } else {
        add_typed(names_[i], std::move(texts_[i]), columns, alone);
      }
    }
    return columns;
  }

 private:
  /// Returns false for a line that may go on.
  bool add(const Line& line) {
    const auto reject = [&](std::string_view where, std::string_view expected) {
      errors_.add(line, where, expected);
      return true;
    };
    if (line.text.find_first_not_of(" \t") == std::string_view::npos) return true;
    const std::vector<Field>& fields = split_(line.text);
    if (split_.fault().is_open && !line.is_whole) return false;
    if (!split_.fault().expected.empty()) return reject(split_.fault().where, split_.fault().expected);
    if (fields.size() != names_.size()) {
      return reject(line.text, fmt::format("{} fields ({}), not {}", names_.size(), fmt::join(names_, ", "),
                                           fields.size()));
    }
    const Field& id = fields[layout_.id];
    if (!is_id(id.text)) return reject(id.source, expected_id(id.text, "an item id"));
    const auto [earlier, is_new] = line_of_.emplace(id.text, line.number);
    if (!is_new)
      return reject(id.source, fmt::format("an item id of its own; line {} has the same", earlier->second));
    for (std::size_t i = 0; i < fields.size(); ++i) texts_[i].push_back(fields[i].text);
    return true;
  }

  const TableLayout& layout_;
  std::vector<std::string> names_;
  RecordSplitter split_;
  LineErrors errors_;
  std::filesystem::path path_;
  std::vector<TextColumn> texts_;
  std::unordered_map<std::string, std::int64_t> line_of_;  // item id -> number of its line
};

/// The row of the table of each item of the catalogue, on every rank. Throws AgreedError (data). Collective.
std::vector<std::int32_t> rows_in_table(const ItemTable& table, const Dataset& dataset,
                                        mpi::Communicator& communicator) {
  const TextColumn& own = dataset.catalogue.strings.at(id_column);
  const StringColumn ids = table.columns.strings.at(id_column).rows();
  const RowMap row_of = make_row_map(ids);
  std::vector<std::int32_t> rows;
  StringColumn missing;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto found = row_of.find(own[i]);
    rows.push_back(found == row_of.end() ? -1 : static_cast<std::int32_t>(found->second));
    if (found == row_of.end()) missing.push_back(own[i]);
  }
  const std::int64_t lacks = communicator.sum(static_cast<std::int64_t>(missing.size()));
  if (lacks > 0) {
    constexpr std::size_t most_named = 3;
    StringColumn first;
    for (std::size_t i = 0; i < std::min(missing.size(), most_named); ++i) first.push_back(missing[i]);
    std::vector<std::string> named = all_gather_strings(first, communicator).texts();
    named.resize(std::min(named.size(), most_named));
    for (std::string& id : named) id = quote(id);
    refuse(table.path,
           fmt::format("{} of the {} items of the interactions are not in this file, such as {}. Add "
                       "a line for each, or take their interactions away",
                       lacks, dataset.catalogue_total, fmt::join(named, ", ")));
  }
  return communicator.all_gather_varying(std::span<const std::int32_t>(rows));
}

}  // namespace

ItemTable read_item_table(const std::filesystem::path& path, const std::vector<std::string>& names,
                          const std::string& id_name, BadLines bad_lines, mpi::Communicator& communicator) {
  // No line holds a newline: the whole line is one field, which is cut up here.
  DelimitedText bytes = read_whole(path, "\n", communicator);
  ItemTable table;
  table.path = path;
  table.hash = XXH3_64bits(bytes.text().data(), bytes.text().size());
  const DelimitedText text = as_utf8(std::move(bytes), path, communicator);
  const TableLayout layout = table_layout(FileSample(text.text()), names, PairColumn::item, id_name, path);
  TableReader reader(path, layout);
  reader.read(text.text());
  table.columns = reader.finish(bad_lines);
  if (communicator.is_root()) {
    spdlog::info("{}: {} items, {}: {}", path.string(), table.columns.rows, layout.description(),
                 table.columns.describe());
  }
  return table;
}

void set_catalogue(const Columns& items, const mpi::Communicator& communicator, Dataset& dataset) {
  dataset.catalogue_total = static_cast<std::int64_t>(items.rows);
  const auto block =
      exchange::RowBlocks(dataset.catalogue_total, communicator.size()).block(communicator.rank());
  dataset.catalogue_first = block.first;
  dataset.catalogue = {};
  dataset.catalogue.rows = static_cast<std::size_t>(block.size());
  dataset.catalogue.own_names = items.own_names;
  for (const auto& [name, texts] : items.strings) {
    TextColumn& kept = dataset.catalogue.strings[name];
    for (std::int64_t row = block.first; row < block.last; ++row)
      kept.push_back(texts[static_cast<std::size_t>(row)]);
  }
  for (const auto& [name, numbers] : items.numbers)
    dataset.catalogue.numbers[name].assign(numbers.begin() + block.first, numbers.begin() + block.last);
  for (const auto& [name, decimals] : items.decimals)
    dataset.catalogue.decimals[name].assign(decimals.begin() + block.first, decimals.begin() + block.last);
}

void join_items(const ItemTable& table, Dataset& dataset, mpi::Communicator& communicator) {
  const std::vector<std::int32_t> rows = rows_in_table(table, dataset, communicator);
  for (std::int32_t& row : dataset.item_rows) row = rows[static_cast<std::size_t>(row)];
  set_catalogue(table.columns, communicator, dataset);
  dataset.content_hash += table.hash;
}

}  // namespace gemel::ingest
