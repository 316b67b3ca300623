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
#include "ingest/format_guess.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/pair_columns.hpp"
#include "ingest/record_splitter.hpp"
#include "ingest/string_exchange.hpp"
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

/// The names of the columns that the first line has, with the two that we know by our own.
std::vector<std::string> names_of_heading(const std::vector<std::string>& own_names,
                                          const std::filesystem::path& path) {
  std::vector<std::string> names = own_names;
  const std::optional<std::size_t> id = find_column(PairColumn::item, names);
  if (!id) {
    refuse(path,
           fmt::format("the first line names no column of item ids, such as item_id, movieId or asin, but "
                       "{}; rename one",
                       fmt::join(names, ", ")));
  }
  names[*id] = id_column;
  if (std::ranges::find(names, title_column) == names.end()) {
    const auto title = std::ranges::find_if(names, [](const std::string& name) {
      return std::ranges::find(titles, boost::algorithm::to_lower_copy(name)) != titles.end();
    });
    if (title != names.end()) *title = title_column;
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_twice = std::ranges::count(names, names[i]) > 1;
    if (is_twice || names[i].empty()) {
      refuse(path, fmt::format("column {} of the first line, {}, {}; name each once", i + 1, quote(names[i]),
                               is_twice ? "is there twice" : "has no name"));
    }
  }
  return names;
}

/// The fields of all lines as texts, column by column.
class TableReader {
 public:
  TableReader(const std::filesystem::path& path, std::vector<std::string> names, Separator separator)
      : names_(std::move(names)),
        has_heading_(names_.empty()),
        split_(separator),
        errors_(path),
        path_(path),
        texts_(names_.size()) {}

  void add(const Line& line) {
    if (line.text.find_first_not_of(" \t") == std::string_view::npos) return;
    const std::vector<Field>& fields = split_(line.text);
    if (!split_.fault().where.empty())
      return errors_.add(line, split_.fault().where, split_.fault().expected);
    if (names_.empty()) {
      std::vector<std::string> own_names;
      for (const Field& field : fields) own_names.push_back(without_type(field.text));
      names_ = names_of_heading(own_names, path_);
      for (std::size_t i = 0; i < names_.size(); ++i)
        if (names_[i] != own_names[i]) own_names_[own_names[i]] = names_[i];
      texts_.resize(names_.size());
      return;
    }
    if (fields.size() != names_.size()) {
      return errors_.add(
          line, line.text,
          fmt::format("{} fields ({}), not {}", names_.size(), fmt::join(names_, ", "), fields.size()));
    }
    const std::size_t id = place_of_id();
    if (fields[id].text.empty()) return errors_.add(line, fields[id].source, "an item id");
    const auto [earlier, is_new] = line_of_.emplace(fields[id].text, line.number);
    if (!is_new) {
      return errors_.add(line, fields[id].source,
                         fmt::format("an item id of its own; line {} has the same", earlier->second));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) texts_[i].push_back(fields[i].text);
  }

  /// Throws AgreedError.
  Columns finish() {
    auto alone = mpi::Communicator::self();
    errors_.throw_if_any(remedy, alone);
    if (line_of_.empty())
      refuse(path_, has_heading_ ? "there are no items below the first line" : "there are no items");
    Columns columns;
    columns.rows = line_of_.size();
    columns.own_names = own_names_;
    for (std::size_t i = 0; i < names_.size(); ++i) {
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
  std::size_t place_of_id() const {
    return static_cast<std::size_t>(std::ranges::find(names_, id_column) - names_.begin());
  }

  std::vector<std::string> names_;
  bool has_heading_;
  FieldSplitter split_;
  LineErrors errors_;
  std::filesystem::path path_;
  std::vector<TextColumn> texts_;
  std::map<std::string, std::string> own_names_;
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
                          mpi::Communicator& communicator) {
  // No line holds a newline: the whole line is one field, which is cut up here.
  DelimitedText bytes = read_whole(path, "\n", communicator);
  ItemTable table;
  table.path = path;
  table.hash = XXH3_64bits(bytes.text().data(), bytes.text().size());
  const DelimitedText text = as_utf8(std::move(bytes), path, communicator);
  const FileSample sample(text.text());
  if (sample.lines().empty()) refuse(path, "this file is empty; it should have a line for each item");
  refuse_objects(sample, path);
  const Separator separator = choose_separator(sample.lines());
  TableReader reader(path, names, separator);
  text.for_each_line([&](const Line& line) { reader.add(line); });
  table.columns = reader.finish();
  if (communicator.is_root()) {
    spdlog::info("{}: {} items, separated by {}: {}", path.string(), table.columns.rows, name_of(separator),
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
