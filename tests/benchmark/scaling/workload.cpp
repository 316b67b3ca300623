#include "workload.hpp"

#include <algorithm>
#include <cmath>

namespace gemel::scaling {
namespace {

/// A place in [0, size), with density in proportion to 1 / (place + 1).
std::int64_t zipf(double uniform, std::int64_t size) {
  const double place = std::exp(uniform * std::log1p(static_cast<double>(size))) - 1;
  return std::min(static_cast<std::int64_t>(place), size - 1);
}

std::int64_t uniform_below(std::uint64_t key, std::int64_t counter, std::int64_t bound) {
  const double uniform = base::random_double(key, static_cast<std::uint64_t>(counter));
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

std::int32_t Workload::item(std::int64_t example) const {
  const auto place = zipf(base::random_double(item_key_, static_cast<std::uint64_t>(example)), job_.items);
  return static_cast<std::int32_t>(row_of_item_(static_cast<std::uint64_t>(place)));
}

void Workload::append_query_rows(std::size_t table, std::int64_t example,
                                 std::vector<std::int64_t>& rows) const {
  rows.push_back(table == user ? uniform_below(user_key_, example, job_.users)
                               : uniform_below(time_key_, example, time_buckets));
}

void Workload::append_candidate_rows(std::size_t table, std::int32_t item,
                                     std::vector<std::int64_t>& rows) const {
  if (table == title) {
    rows.push_back(item);
    return;
  }
  for (std::int64_t word = 0; word < tokens_per_title; ++word) {
    const auto counter = static_cast<std::uint64_t>(item * tokens_per_title + word);
    rows.push_back(zipf(base::random_double(token_key_, counter), tokens));
  }
}

std::size_t dense_parameters(std::size_t width, const std::vector<std::size_t>& layers) {
  std::size_t parameters = 0;
  for (const std::size_t layer : layers) {
    parameters += (width + 1) * layer;
    width = layer;
  }
  return parameters;
}

}  // namespace gemel::scaling
