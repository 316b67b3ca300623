#include "gemel/ingest/vocabulary.hpp"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "gemel/base/error.hpp"

namespace gemel::ingest {
namespace {

constexpr auto most_rows = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());

std::unordered_set<std::string_view, StringHash> distinct(const StringColumn& column) {
  std::unordered_set<std::string_view, StringHash> strings;
  for (std::size_t row = 0; row < column.size(); ++row) strings.insert(column[row]);
  return strings;
}

}  // namespace

RowMap make_row_map(const std::vector<std::string>& strings, std::size_t special) {
  base::require(strings.size() <= most_rows, "make_row_map: more rows than 32 bits can number");
  RowMap rows;
  rows.reserve(strings.size());
  for (std::size_t row = special; row < strings.size(); ++row)
    rows.emplace(strings[row], static_cast<std::int32_t>(row));
  return rows;
}

RowMap make_row_map(const StringColumn& strings) {
  base::require(strings.size() <= most_rows, "make_row_map: more rows than 32 bits can number");
  RowMap rows;
  rows.reserve(strings.size());
  for (std::size_t row = 0; row < strings.size(); ++row)
    rows.emplace(strings[row], static_cast<std::int32_t>(row));
  return rows;
}

StringColumn all_gather_strings(const StringColumn& mine, mpi::Communicator& communicator) {
  std::string characters;
  std::vector<std::size_t> lengths;
  for (std::size_t row = 0; row < mine.size(); ++row) {
    characters += mine[row];
    lengths.push_back(mine[row].size());
  }
  const auto all_lengths = communicator.all_gather_varying(std::span<const std::size_t>(lengths));
  const auto all_characters = communicator.all_gather_varying(std::span<const char>(characters));
  StringColumn all;
  std::size_t start = 0;
  for (const std::size_t length : all_lengths) {
    all.push_back({all_characters.data() + start, length});
    start += length;
  }
  return all;
}

std::vector<std::string> build_vocabulary(const StringColumn& column, mpi::Communicator& communicator) {
  StringColumn mine;
  for (const std::string_view text : distinct(column)) mine.push_back(text);
  const StringColumn all = all_gather_strings(mine, communicator);

  std::vector<std::pair<std::uint64_t, std::string_view>> order;
  for (const std::string_view text : distinct(all)) order.emplace_back(StringHash()(text), text);
  std::sort(order.begin(), order.end());
  std::vector<std::string> vocabulary = {std::string(unknown_token)};
  for (const auto& [hash, text] : order) vocabulary.emplace_back(text);
  return vocabulary;
}

}  // namespace gemel::ingest
