#include "ingest/column_summary.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <unordered_set>

#include "ingest/distinct_keys.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t most_examples = 3;
constexpr std::size_t few_values = 20;  // are counted one by one
constexpr std::size_t ranges = 10;

std::uint64_t key_of(std::string_view text) {
  return hash_of(text);
}
template <class Number>
std::uint64_t key_of(Number number) {
  return XXH3_64bits(&number, sizeof(number));
}

std::string text_of(std::string_view text) {
  return std::string(text);
}
template <class Number>
std::string text_of(Number number) {
  return fmt::format("{}", number);
}

/// The keys of a column: the distinct ones if they are few, else all of them.
template <class Column>
std::vector<std::uint64_t> keys_of(const Column& column) {
  constexpr std::size_t most_in_set = 1024;
  std::unordered_set<std::uint64_t> distinct;
  std::vector<std::uint64_t> keys;
  for (std::size_t row = 0; row < column.size(); ++row) {
    const std::uint64_t key = key_of(column[row]);
    if (distinct.size() <= most_in_set) {
      distinct.insert(key);
    } else {
      keys.push_back(key);
    }
  }
  keys.insert(keys.end(), distinct.begin(), distinct.end());
  return keys;
}

/// The first distinct values of all ranks. Collective.
template <class Column>
std::vector<std::string> examples_of(const Column& column, std::size_t rows,
                                     mpi::Communicator& communicator) {
  const auto add = [](std::vector<std::string>& examples, std::string text) {
    if (std::ranges::find(examples, text) == examples.end()) examples.push_back(std::move(text));
  };
  std::vector<std::string> own;
  for (std::size_t row = 0; row < rows && own.size() < most_examples; ++row) {
    if (row == 0 || column[row] != column[row - 1]) add(own, text_of(column[row]));
  }
  StringColumn texts;
  for (const std::string& text : own) texts.push_back(text);
  std::vector<std::string> examples;
  for (std::string& text : all_gather_strings(texts, communicator).texts())
    if (examples.size() < most_examples) add(examples, std::move(text));
  return examples;
}

template <class Column>
ColumnSummary summarize(const std::string& name, const char* kind, const Column& column, std::size_t rows,
                        mpi::Communicator& communicator) {
  ColumnSummary summary;
  summary.name = name;
  summary.kind = kind;
  const std::vector<std::uint64_t> owned = gather_owned_keys(keys_of(column), communicator);
  summary.distinct = communicator.sum(static_cast<std::int64_t>(owned.size()));
  summary.examples = examples_of(column, rows, communicator);
  return summary;
}

/// The least and the greatest number of all ranks; numbers that are none are passed over. Collective.
template <class Number>
std::pair<double, double> range_of(const std::vector<Number>& column, mpi::Communicator& communicator) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  for (const Number number : column) {
    least = std::min(least, static_cast<double>(number));
    most = std::max(most, static_cast<double>(number));
  }
  return {communicator.min(least), communicator.max(most)};
}

template <class Number>
ColumnSummary summarize_numbers(const std::string& name, const char* kind, const std::vector<Number>& column,
                                std::size_t rows, mpi::Communicator& communicator) {
  ColumnSummary summary = summarize(name, kind, column, rows, communicator);
  summary.range = range_of(column, communicator);
  return summary;
}

/// Those of all ranks, or nothing when they are more than a few. Collective.
template <class Number>
std::vector<ValueBin> count_values(const std::vector<Number>& column, mpi::Communicator& communicator) {
  std::map<Number, std::int64_t> counts;
  for (const Number number : column) {
    ++counts[number];
    if (counts.size() > few_values) break;
  }
  if (communicator.max(static_cast<std::int64_t>(counts.size())) > std::int64_t{few_values}) return {};
  std::vector<ValueBin> own;
  for (const auto& [value, count] : counts)
    own.push_back({static_cast<double>(value), static_cast<double>(value), count});
  std::map<double, std::int64_t> all;
  for (const ValueBin& bin : communicator.all_gather_varying(std::span<const ValueBin>(own)))
    all[bin.least] += bin.values;
  if (all.size() > few_values) return {};
  std::vector<ValueBin> bins;
  for (const auto& [value, count] : all) bins.push_back({value, value, count});
  return bins;
}

/// Collective.
template <class Number>
std::vector<ValueBin> histogram_of(const std::vector<Number>& column, mpi::Communicator& communicator) {
  if (std::vector<ValueBin> bins = count_values(column, communicator); !bins.empty()) return bins;
  const auto [least, most] = range_of(column, communicator);
  const double width = (most - least) / static_cast<double>(ranges);
  std::array<std::int64_t, ranges> counts = {};
  for (const Number number : column) {
    const double place = (static_cast<double>(number) - least) / width;
    if (std::isfinite(place)) ++counts[std::min(static_cast<std::size_t>(place), ranges - 1)];
  }
  communicator.sum(std::span(counts));
  std::vector<ValueBin> bins;
  for (std::size_t i = 0; i < ranges; ++i) {
    const double end = i + 1 == ranges ? most : least + width * static_cast<double>(i + 1);
    bins.push_back({least + width * static_cast<double>(i), end, counts[i]});
  }
  return bins;
}

}  // namespace

std::vector<ColumnSummary> summarize_columns(const Columns& columns, std::size_t rows,
                                             mpi::Communicator& communicator) {
  std::vector<ColumnSummary> summaries;
  for (const auto& [name, column] : columns.strings)
    summaries.push_back(summarize(name, "text", column, rows, communicator));
  for (const auto& [name, column] : columns.numbers)
    summaries.push_back(summarize_numbers(name, "number", column, rows, communicator));
  for (const auto& [name, column] : columns.decimals)
    summaries.push_back(summarize_numbers(name, "decimals", column, rows, communicator));
  std::stable_partition(summaries.begin(), summaries.end(), [](const ColumnSummary& column) {
    return column.name == "user_id" || column.name == "item_id" || column.name == "title";
  });
  return summaries;
}

std::vector<ValueBin> histogram_of(const Columns& columns, const std::string& name,
                                   mpi::Communicator& communicator) {
  if (const auto whole = columns.numbers.find(name); whole != columns.numbers.end())
    return histogram_of(whole->second, communicator);
  if (const auto decimal = columns.decimals.find(name); decimal != columns.decimals.end())
    return histogram_of(decimal->second, communicator);
  return {};
}

}  // namespace gemel::ingest
