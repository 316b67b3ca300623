#include "exchange/distinct_candidates.hpp"

#include <algorithm>
#include <numeric>

namespace gemel::exchange {

void DistinctCandidates::assign(std::span<const std::int32_t> items) {
  std::fill(present_.begin(), present_.end(), 0);
  for (const std::int32_t item : items) {
    const auto index = static_cast<std::size_t>(item);
    present_[index / 64] |= std::uint64_t{1} << index % 64;
  }
  rows_.clear();
  for (std::size_t word = 0; word < present_.size(); ++word) {
    before_[word] = static_cast<std::uint32_t>(rows_.size());
    for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1) {
      rows_.push_back(
          static_cast<std::int32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits))));
    }
  }
  distinct_ = rows_.size();
  rows_.resize((distinct_ + granule - 1) / granule * granule, -1);
  multiplicities_.assign(rows_.size(), 0);
  for (const std::int32_t item : items) ++multiplicities_[column_of(item)];
}

void DistinctCandidates::assign_all() {
  std::vector<std::int32_t> items(catalogue_size_);
  std::iota(items.begin(), items.end(), 0);
  assign(items);
}

}  // namespace gemel::exchange
