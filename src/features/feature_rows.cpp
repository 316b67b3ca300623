#include "features/feature_rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::features {

bool FeatureRows::has_lists(std::size_t feature) const {
  return std::ranges::binary_search(lists, feature);
}

std::span<const std::uint32_t> FeatureRows::values(std::size_t row, std::size_t feature) const {
  const std::size_t word = row * features + feature;
  return has_lists(feature) ? list(words[word]) : std::span(words).subspan(word, 1);
}

FeatureRows FeatureRows::empty_like() const {
  FeatureRows empty;
  empty.features = features;
  empty.lists = lists;
  return empty;
}

std::uint32_t FeatureRows::add_list(std::span<const std::uint32_t> list) {
  const auto place = static_cast<std::uint32_t>(pool.size());
  pool.push_back(static_cast<std::uint32_t>(list.size()));
  pool.insert(pool.end(), list.begin(), list.end());
  return place;
}

void FeatureRows::append(const FeatureRows& others, std::size_t row) {
  const auto first = others.words.begin() + static_cast<std::ptrdiff_t>(row * features);
  const std::size_t start = words.size();
  words.insert(words.end(), first, first + static_cast<std::ptrdiff_t>(features));
  for (const std::size_t feature : lists) {
    std::uint32_t& place = words[start + feature];
    place = add_list(others.list(place));
  }
}

void append_table_rows(std::size_t feature, const FeatureRows& rows, std::span<const std::int32_t> selection,
                       std::vector<std::int64_t>& table_rows) {
  const bool has_lists = rows.has_lists(feature);
  for (const std::int32_t row : selection) {
    if (row < 0) continue;
    const std::uint32_t word = rows.words[static_cast<std::size_t>(row) * rows.features + feature];
    if (has_lists) {
      const std::span<const std::uint32_t> list = rows.list(word);
      table_rows.insert(table_rows.end(), list.begin(), list.end());
    } else {
      table_rows.push_back(word);
    }
  }
}

FeatureRows all_gather_rows(const FeatureRows& mine, mpi::Communicator& communicator) {
  const auto pool_here = static_cast<std::int64_t>(mine.pool.size());
  const std::int64_t pool_words = communicator.sum(pool_here);
  mpi::require_memory(static_cast<double>(communicator.sum(static_cast<std::int64_t>(mine.bytes()))),
                      "the features of all items, on every rank", "take fewer items or features",
                      communicator);
  if (pool_words > FeatureRows::most_pool_words) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("the texts and lists of the catalogue have {} parts in all, each text or list counted "
                    "as one more; at most {} are possible.",
                    pool_words, FeatureRows::most_pool_words));
  }
  const auto before = static_cast<std::uint32_t>(communicator.sum_before(pool_here));
  std::vector<std::uint32_t> words = mine.words;
  for (const std::size_t feature : mine.lists) {
    for (std::size_t i = feature; i < words.size(); i += mine.features) words[i] += before;
  }
  FeatureRows all = mine.empty_like();
  all.words = communicator.all_gather_varying(std::span<const std::uint32_t>(words));
  all.pool = communicator.all_gather_varying(std::span<const std::uint32_t>(mine.pool));
  return all;
}

double mean_words(const FeatureRows& mine, mpi::Communicator& communicator) {
  // A list's length travels in the place of its place, so its first word in the pool does not.
  const std::size_t words = mine.words.size() + mine.pool.size() - mine.size() * mine.lists.size();
  const auto rows = static_cast<double>(communicator.sum(static_cast<std::int64_t>(mine.size())));
  return static_cast<double>(communicator.sum(static_cast<std::int64_t>(words))) / std::max(rows, 1.0);
}

}  // namespace gemel::features
