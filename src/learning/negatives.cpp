#include "learning/negatives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/random.hpp"

namespace gemel::learning {
namespace {

bool draw_by_popularity(const LossOptions& options) {
  return options.extra_negatives > 0 && options.negative_distribution == NegativeDistribution::popularity;
}

}  // namespace

Negatives::Negatives(const LossOptions& options, std::span<const std::int64_t> item_counts,
                     std::uint64_t seed)
    : are_catalogue_(options.negatives == NegativeSource::catalogue),
      draws_(options.extra_negatives),
      items_(item_counts.size()),
      seed_(seed) {
  if (!draw_by_popularity(options)) return;
  double sum = 0;
  for (const std::int64_t count : item_counts) {
    sum += std::pow(static_cast<double>(count), static_cast<double>(options.negative_power));
    cumulative_.push_back(sum);
  }
}

std::size_t Negatives::item_bytes(const LossOptions& options) {
  return draw_by_popularity(options) ? sizeof(double) : 0;
}

void Negatives::draw(std::int64_t epoch, std::int64_t batch, std::vector<std::int32_t>& items) const {
  items.clear();
  if (draws_ == 0) return;
  fmt::memory_buffer name;  // in the step, so without an allocation
  fmt::format_to(std::back_inserter(name), "extra negatives of epoch {}", epoch);
  const std::uint64_t key = base::random_key(seed_, {name.data(), name.size()});
  const auto first = static_cast<std::uint64_t>(batch) * static_cast<std::uint64_t>(draws_);
  for (std::uint64_t i = first; i < first + static_cast<std::uint64_t>(draws_); ++i) {
    const double random = base::random_double(key, i);
    if (cumulative_.empty()) {
      items.push_back(static_cast<std::int32_t>(random * static_cast<double>(items_)));
    } else {
      // The first item whose sum is above: never one of probability 0.
      const auto item = std::ranges::upper_bound(cumulative_, random * cumulative_.back());
      items.push_back(static_cast<std::int32_t>(item - cumulative_.begin()));
    }
  }
}

double Negatives::probability(std::size_t item) const {
  if (cumulative_.empty()) return 1.0 / static_cast<double>(items_);
  return (cumulative_[item] - (item == 0 ? 0.0 : cumulative_[item - 1])) / cumulative_.back();
}

}  // namespace gemel::learning
