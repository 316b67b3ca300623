#include "workload.hpp"

#include <algorithm>
#include <cmath>

#include "base/even_cuts.hpp"

namespace gemel::scaling {
namespace {

constexpr std::int64_t time_buckets = 1001;
constexpr std::int64_t tokens = 10000;
constexpr std::int64_t words_of_title = 3;

/// A place in [0, size), with density in proportion to 1 / (place + 1).
std::int64_t zipf(double uniform, std::int64_t size) {
  const double place = std::exp(uniform * std::log1p(static_cast<double>(size))) - 1;
  return std::min(static_cast<std::int64_t>(place), size - 1);
}

std::int64_t uniform_below(double uniform, std::int64_t bound) {
  return std::min(static_cast<std::int64_t>(uniform * static_cast<double>(bound)), bound - 1);
}

}  // namespace

Workload::Workload(const Job& job)
    : job_(job),
      user_key_(base::random_key(1, "scaling user")),
      time_key_(base::random_key(1, "scaling time")),
      item_key_(base::random_key(1, "scaling item")),
      token_key_(base::random_key(1, "scaling token")),
      row_of_item_(base::random_key(1, "scaling item row"), static_cast<std::uint64_t>(job.items)) {}

std::int64_t Workload::rows(std::size_t table) const {
  return std::array{job_.users, time_buckets, job_.items, tokens}[table];
}

std::vector<std::int32_t> Workload::items(std::int64_t batch, int rank) const {
  std::vector<std::int32_t> items;
  for (auto example = first_example(batch, rank); example < first_example(batch, rank + 1); ++example)
    items.push_back(item(example));
  return items;
}

std::vector<std::int64_t> Workload::touched_rows(std::size_t table, std::int64_t batch, int rank,
                                                 std::span<const std::int32_t> items) const {
  std::vector<std::int64_t> rows;
  if (table == user || table == time) {
    for (auto example = first_example(batch, rank); example < first_example(batch, rank + 1); ++example)
      rows.push_back(query_row(table, example));
  } else {
    for (const std::int32_t item : items) {
      if (item < 0) continue;
      if (table == title) rows.push_back(item);
      for (std::int64_t word = 0; table == text && word < words_of_title; ++word)
        rows.push_back(token(item, word));
    }
  }
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::int64_t Workload::first_example(std::int64_t batch, int rank) const {
  return batch * job_.batch_size + base::EvenCuts(job_.batch_size, job_.ranks).start(rank);
}

std::int32_t Workload::item(std::int64_t example) const {
  const auto place = zipf(base::random_double(item_key_, static_cast<std::uint64_t>(example)), job_.items);
  return static_cast<std::int32_t>(row_of_item_(static_cast<std::uint64_t>(place)));
}

std::int64_t Workload::query_row(std::size_t table, std::int64_t example) const {
  const std::uint64_t key = table == user ? user_key_ : time_key_;
  return uniform_below(base::random_double(key, static_cast<std::uint64_t>(example)), rows(table));
}

std::int64_t Workload::token(std::int32_t item, std::int64_t word) const {
  const auto counter = static_cast<std::uint64_t>(item * words_of_title + word);
  return zipf(base::random_double(token_key_, counter), tokens);
}

std::size_t dense_parameters(std::size_t width, const std::vector<std::size_t>& layers) {
  std::size_t parameters = 0;
  for (const std::size_t layer : layers) {
    parameters += (width + 1) * layer;
    width = layer;
  }
  return parameters;
}

std::size_t all_dense_parameters(const std::vector<std::size_t>& layers) {
  return dense_parameters(query_width, layers) + dense_parameters(candidate_width, layers);
}

}  // namespace gemel::scaling
