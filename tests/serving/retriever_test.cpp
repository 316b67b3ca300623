#include "serving/retriever.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "evaluation/score_tiles.hpp"
#include "mpi/agreement.hpp"
#include "support/lanes.hpp"

namespace gemel::serving {
namespace {

using Rows = std::vector<std::int32_t>;

/// A catalogue whose vectors are whole numbers up to a limit, so that products are exact and ties are real ties. Each rank has a block of
/// it, and brings 3 * rank + 2 queries of its own; every fifth rank none.
class Catalogue {
 public:
  Catalogue(std::size_t items, std::size_t dim, int limit) : items_(items), dim_(dim), limit_(limit) {
    const auto shard = evaluation::shard_of_rank(items, world_.size(), world_.rank());
    first_ = shard.first;
    vectors_.resize(shard.count, dim);
    for (std::size_t row = 0; row < shard.count; ++row)
      for (std::size_t i = 0; i < dim; ++i) vectors_(row, i) = item(first_ + row, i);
    const auto rank = static_cast<std::size_t>(world_.rank());
    queries_.resize(rank % 5 == 4 ? 0 : 3 * rank + 2, dim);
    for (std::size_t i = 0; i < queries_.size(); ++i) queries_.data()[i] = whole(100 + rank, i);
  }

  /// The lists of all of this rank's queries are those of sorted scores in doubles. Collective.
  void expect_lists(std::size_t k, const std::vector<bool>* allowed = nullptr, bool leaves_out = false) {
    const std::vector<bool> own = own_of(allowed);
    Retriever retriever(static_cast<std::int64_t>(items_), vectors_.view(),
                        allowed == nullptr ? nullptr : &own, world_, team_);
    std::vector<Rows> left_out;
    for (std::size_t query = 0; query < queries_.rows(); ++query) left_out.push_back(seen_by(query));
    std::vector<std::span<const std::int32_t>> spans(left_out.begin(), left_out.end());
    if (!leaves_out) spans.clear();
    const auto lists = retriever.search(queries_.view(), k, spans);
    EXPECT_EQ(lists.size(), queries_.rows());
    for (std::size_t query = 0; query < lists.size(); ++query)
      EXPECT_EQ(lists[query], naive(query, k, allowed, leaves_out ? left_out[query] : Rows()));
  }

  mpi::Communicator& world() { return world_; }
  tensor::Matrix& vectors() { return vectors_; }
  std::size_t first() const { return first_; }

 private:
  float whole(std::uint64_t stream, std::uint64_t index) const {
    return std::round(test::number(stream, index) * static_cast<float>(limit_));
  }
  float item(std::size_t row, std::size_t i) const { return whole(7, row * dim_ + i); }

  Rows seen_by(std::size_t query) const {
    Rows rows;
    for (std::size_t row = query % 3; row < items_; row += 3) rows.push_back(static_cast<std::int32_t>(row));
    return rows;
  }
  std::vector<bool> own_of(const std::vector<bool>* allowed) const {
    std::vector<bool> own;
    for (std::size_t row = 0; allowed != nullptr && row < vectors_.rows(); ++row)
      own.push_back((*allowed)[first_ + row]);
    return own;
  }

  std::vector<RankedItem> naive(std::size_t query, std::size_t k, const std::vector<bool>* allowed,
                                const Rows& left_out) const {
    std::vector<RankedItem> all;
    for (std::size_t row = 0; row < items_; ++row) {
      const auto number = static_cast<std::int32_t>(row);
      if (allowed != nullptr && !(*allowed)[row]) continue;
      if (std::ranges::find(left_out, number) != left_out.end()) continue;
      double score = 0;
      for (std::size_t i = 0; i < dim_; ++i) score += double{queries_(query, i)} * double{item(row, i)};
      all.push_back({number, static_cast<float>(score)});
    }
    std::ranges::sort(all, [](const RankedItem& one, const RankedItem& other) {
      return one.score != other.score ? one.score > other.score : one.row < other.row;
    });
    if (all.size() > k) all.resize(k);
    return all;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  base::ThreadTeam team_{2};
  std::size_t items_;
  std::size_t dim_;
  int limit_;
  std::size_t first_ = 0;
  tensor::Matrix vectors_;
  tensor::Matrix queries_;
};

/// Items of a catalogue that are allowed: those of its last third, but for every fourth.
std::vector<bool> last_third(std::size_t items) {
  std::vector<bool> allowed(items);
  for (std::size_t row = 0; row < items; ++row) allowed[row] = 3 * row >= 2 * items && row % 4 != 0;
  return allowed;
}

TEST(RetrieverTest, FindsTheHighestScoresThenTheFirstRows) {
  Catalogue(700, 3, 1).expect_lists(20);  // many ties
  Catalogue(1500, 16, 9).expect_lists(50);
}

TEST(RetrieverTest, FindsAllWhereThereAreNoMore) {
  Catalogue(30, 4, 2).expect_lists(100);
}

TEST(RetrieverTest, RanksHaveNoItemsAtTimes) {
  Catalogue(3, 4, 2).expect_lists(2);
  Catalogue(1, 4, 2).expect_lists(5, nullptr, true);
}

TEST(RetrieverTest, RanksTheAllowedItemsAlone) {
  const auto allowed = last_third(700);  // of several ranks, the first ones have none
  Catalogue(700, 3, 1).expect_lists(20, &allowed);
  const std::vector<bool> none(700, false);
  Catalogue(700, 3, 1).expect_lists(20, &none);
  std::vector<bool> one(700, false);
  one[699] = true;
  Catalogue(700, 3, 1).expect_lists(20, &one);
}

TEST(RetrieverTest, LeavesOutWhatEachQueryIsNotToHave) {
  Catalogue(700, 3, 1).expect_lists(20, nullptr, true);
  Catalogue(700, 3, 1).expect_lists(690, nullptr, true);  // more than are left
}

TEST(RetrieverTest, LeavesOutSomeOfTheAllowedItems) {
  const auto allowed = last_third(700);
  Catalogue(700, 3, 1).expect_lists(20, &allowed, true);
  Catalogue(700, 3, 1).expect_lists(300, &allowed, true);
}

TEST(RetrieverTest, AllRanksRefuseScoresThatAreNotFinite) {
  Catalogue catalogue(40, 3, 2);
  if (catalogue.world().is_root()) catalogue.vectors()(0, 0) = std::numeric_limits<float>::quiet_NaN();
  try {
    catalogue.expect_lists(3);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::diverged);
  }
}

}  // namespace
}  // namespace gemel::serving
