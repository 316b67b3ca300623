#include "serving/item_filter.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/error.hpp"
#include "features/text.hpp"
#include "ingest/block_strings.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"
#include "options/nearest_name.hpp"
#include "serving/id_lines.hpp"

namespace gemel::serving {
namespace {

constexpr std::string_view bar = "|";

/// Which items of the block stand in a file of ids. Collective.
std::vector<bool> items_of_file(const std::string& path, const model::Catalogue& catalogue,
                                mpi::Communicator& communicator) {
  const ingest::StringColumn ids = read_id_lines(path, communicator);
  std::unordered_map<std::string_view, std::size_t> numbers;
  for (std::size_t i = 0; i < ids.size(); ++i) numbers.emplace(ids[i], i);
  const ingest::StringColumn& own = catalogue.ids.strings;
  std::vector<bool> are_there(own.size(), false);
  std::vector<std::int64_t> found(ids.size(), 0);
  for (std::size_t item = 0; item < own.size(); ++item) {
    const auto number = numbers.find(own[item]);
    if (number == numbers.end()) continue;
    are_there[item] = true;
    found[number->second] = 1;
  }
  communicator.sum(std::span(found));
  if (const auto unknown = std::ranges::count(found, 0); unknown > 0) {
    const auto first = static_cast<std::size_t>(std::ranges::find(found, 0) - found.begin());
    spdlog::warn("{}: {} of {} ids are of no item of the catalogue, such as {}", path, unknown, ids.size(),
                 ingest::quote(ids[first]));
  }
  return are_there;
}

/// A column of items as texts, whatever it holds; of this rank.
std::vector<std::string> texts_of(const ingest::Columns& columns, const std::string& name) {
  if (const auto texts = columns.strings.find(name); texts != columns.strings.end())
    return texts->second.rows().texts();
  std::vector<std::string> texts;
  if (const auto numbers = columns.numbers.find(name); numbers != columns.numbers.end()) {
    for (const std::int64_t number : numbers->second) texts.push_back(fmt::to_string(number));
  } else if (const auto decimals = columns.decimals.find(name); decimals != columns.decimals.end()) {
    for (const double number : decimals->second) texts.push_back(fmt::to_string(number));
  }
  return texts;
}

/// What the catalogue itself knows of its items.
ingest::Columns own_columns(const model::Catalogue& catalogue) {
  ingest::Columns columns;
  columns.rows = catalogue.ids.strings.size();
  columns.strings["item_id"] = catalogue.ids.strings;
  columns.strings["title"] = catalogue.labels.strings;
  return columns;
}

bool has_value(const std::string& text, const std::set<std::string>& values) {
  if (values.contains(text)) return true;
  return std::ranges::any_of(features::split_list(text, bar),
                             [&](std::string_view part) { return values.contains(std::string(part)); });
}

/// " Did you mean Comedy?", if some item of any rank has a value like one of `values`. Collective.
std::string nearest_value(const std::vector<std::string>& texts, const std::set<std::string>& values,
                          mpi::Communicator& communicator) {
  std::set<std::string> parts;
  for (const std::string& text : texts) {
    for (const std::string_view part : features::split_list(text, bar)) parts.emplace(part);
  }
  ingest::StringColumn own;
  for (const std::string& part : parts) own.push_back(part);
  std::vector<std::string> all = ingest::all_gather_strings(own, communicator).texts();
  std::ranges::sort(all);
  const std::string nearest = options::nearest_name(*values.begin(), all);
  return nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest);
}

[[noreturn]] void refuse_column(const std::string& column, const std::string& value,
                                const ingest::Dataset* data, const ingest::Columns& own) {
  const std::string known =
      data == nullptr
          ? fmt::format(
                "the checkpoint knows of items: {}; give the data with --data for what it has of them",
                own.describe())
          : fmt::format("of items are known: {}", data->catalogue.describe());
  throw mpi::AgreedError(base::ExitCode::usage, fmt::format("--where {}={}: items have no column {}; {}",
                                                            column, value, column, known));
}

/// Which items of the block have one of these values. Collective.
std::vector<bool> items_where(const std::string& column, const std::set<std::string>& values,
                              const model::Catalogue& catalogue, const ingest::Dataset* data,
                              mpi::Communicator& communicator) {
  const ingest::Columns own = own_columns(catalogue);
  const bool is_own = own.has(column);
  if (!is_own && (data == nullptr || !data->catalogue.has(column)))
    refuse_column(column, *values.begin(), data, own);
  const std::vector<std::string> texts = texts_of(is_own ? own : data->catalogue, column);
  std::vector<bool> have_it(own.rows, false);
  std::vector<std::int64_t> found;  // rows of the catalogue, of any rank's block
  if (is_own) {
    for (std::size_t i = 0; i < texts.size(); ++i) have_it[i] = has_value(texts[i], values);
  } else {
    ingest::StringColumn ids;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (has_value(texts[i], values)) ids.push_back(data->catalogue.strings.at("item_id")[i]);
    }
    const ingest::IdDirectory directory(catalogue.ids, communicator, "/catalogue/id");
    const std::vector<std::int64_t> mine = directory.rows_of(ids, communicator);
    for (const std::int64_t row : communicator.all_gather_varying(std::span<const std::int64_t>(mine))) {
      const std::int64_t place = row - catalogue.ids.first;
      if (row >= 0 && place >= 0 && place < static_cast<std::int64_t>(own.rows))
        have_it[static_cast<std::size_t>(place)] = true;
    }
  }
  if (communicator.sum(std::ranges::count(have_it, true)) == 0) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("--where {}={}: no item of the catalogue has this value.{}", column,
                                       *values.begin(), nearest_value(texts, values, communicator)));
  }
  return have_it;
}

}  // namespace

std::vector<bool> allowed_items(const ItemFilter& filter, const model::Catalogue& catalogue,
                                const ingest::Dataset* data, mpi::Communicator& communicator) {
  std::vector<bool> allowed(catalogue.ids.strings.size(), true);
  const auto keep = [&](const std::vector<bool>& some, bool wanted) {
    for (std::size_t i = 0; i < allowed.size(); ++i) allowed[i] = allowed[i] && some[i] == wanted;
  };
  if (!filter.allow.empty()) keep(items_of_file(filter.allow, catalogue, communicator), true);
  if (!filter.deny.empty()) keep(items_of_file(filter.deny, catalogue, communicator), false);
  std::map<std::string, std::set<std::string>> values;
  for (const NamedValue& value : filter.where) values[value.name].insert(value.value);
  for (const auto& [column, wanted] : values)
    keep(items_where(column, wanted, catalogue, data, communicator), true);
  if (communicator.sum(std::ranges::count(allowed, true)) == 0) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        "no item of the catalogue passes --allow, --deny and --where together; leave one out");
  }
  return allowed;
}

}  // namespace gemel::serving
