#include "exchange/candidate_exchange.hpp"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/even_cuts.hpp"
#include "exchange/candidate_gather.hpp"
#include "mpi/communicator.hpp"
#include "support/lanes.hpp"
#include "support/sent_bytes.hpp"

namespace gemel::exchange {
namespace {

constexpr int lanes = 8;
constexpr std::size_t catalogue = 1000;
constexpr std::size_t dim = 6;

/// The item of position `position` of a batch: few items, some often, and both ends of the catalogue.
std::int32_t item(std::int64_t position) {
  if (position == 3) return 0;
  if (position == 5) return catalogue - 1;
  const float x = test::number(5, static_cast<std::uint64_t>(position));
  return static_cast<std::int32_t>(x * x * 999.0F);
}

struct Fixture {
  explicit Fixture(std::int64_t batch_size) : size(batch_size) {
    const base::EvenCuts cuts(size, lanes);
    for (std::int64_t i = cuts.start(layout.lanes.first); i < cuts.start(layout.lanes.last); ++i)
      own.push_back(item(i));
    for (std::int64_t i = 0; i < size; ++i) ++expected[item(i)];
  }

  std::int64_t size;
  mpi::Communicator world = mpi::Communicator::world();
  LaneLayout layout{lanes, world.size(), world.rank()};
  CandidateGather gatherer{layout, world, catalogue};
  CandidateExchange exchange{layout, world, dim};

  std::uint32_t gather(std::uint32_t flags = 0) {
    gatherer.start(own, size, flags);
    const std::uint32_t all_flags = gatherer.finish();
    exchange.begin(gatherer.candidates().columns());
    return all_flags;
  }
  std::vector<std::int32_t> own;
  std::map<std::int32_t, int> expected;  // item -> how often
};

TEST(CandidateExchange, GathersTheDistinctItemsOfTheGlobalBatch) {
  for (const std::int64_t size : {1, 7, 8, 100, 777}) {
    Fixture fixture(size);
    fixture.gather();
    const DistinctCandidates& candidates = fixture.gatherer.candidates();
    EXPECT_EQ(candidates.distinct(), fixture.expected.size());
    EXPECT_EQ(candidates.columns() % DistinctCandidates::granule, 0U);
    EXPECT_LT(candidates.columns() - candidates.distinct(), DistinctCandidates::granule);
    std::size_t column = 0;
    for (const auto& [row, count] : fixture.expected) {
      EXPECT_EQ(candidates.rows()[column], row);
      EXPECT_EQ(candidates.multiplicities()[column], count);
      EXPECT_EQ(candidates.column_of(row), column);
      ++column;
    }
    for (; column < candidates.columns(); ++column) {
      EXPECT_EQ(candidates.rows()[column], -1);
      EXPECT_EQ(candidates.multiplicities()[column], 0);
    }
  }
}

TEST(CandidateExchange, MergesItemsThatAreDrawnForTheBatch) {
  Fixture fixture(100);
  const std::vector<std::int32_t> drawn = {item(7), 998, 997, 998};
  for (const std::int32_t each : drawn) ++fixture.expected[each];
  fixture.gatherer.start(fixture.own, fixture.size, 0);
  fixture.gatherer.finish(drawn);
  const DistinctCandidates& candidates = fixture.gatherer.candidates();
  ASSERT_EQ(candidates.distinct(), fixture.expected.size());
  for (const auto& [row, count] : fixture.expected) {
    EXPECT_EQ(candidates.rows()[candidates.column_of(row)], row);
    EXPECT_EQ(candidates.multiplicities()[candidates.column_of(row)], count);
  }
}

TEST(CandidateExchange, TellsFlagsAloneWhenTheColumnsAreTheCatalogue) {
  Fixture fixture(100);
  CandidateGather gatherer(fixture.layout, fixture.world, catalogue, true);
  for (int batch = 0; batch < 2; ++batch) {
    const std::int64_t before = test::sent_bytes();
    gatherer.start(fixture.own, fixture.size, 1U << fixture.world.rank());
    EXPECT_EQ(gatherer.finish(), (1U << fixture.world.size()) - 1);
    EXPECT_EQ(test::sent_bytes() - before, 4 * (fixture.world.size() - 1));
    ASSERT_EQ(gatherer.candidates().distinct(), catalogue);
    EXPECT_EQ(gatherer.candidates().columns(), 1024U);
    for (std::int32_t each = 0; each < 1000; ++each) {
      const std::size_t column = gatherer.candidates().column_of(each);
      EXPECT_EQ(column, static_cast<std::size_t>(each));
      EXPECT_EQ(gatherer.candidates().rows()[column], each);
      EXPECT_EQ(gatherer.candidates().multiplicities()[column], 1);
    }
  }
}

TEST(CandidateExchange, SlicesTileTheColumnsInWholeGranules) {
  Fixture fixture(777);
  fixture.gather();
  std::size_t next = 0;
  for (int lane = 0; lane < lanes; ++lane) {
    const auto slice = slice_of_lane(fixture.gatherer.candidates().columns(), lanes, lane);
    EXPECT_EQ(slice.first, next);
    EXPECT_EQ(slice.size() % DistinctCandidates::granule, 0U);
    next = slice.last;
  }
  EXPECT_EQ(next, fixture.gatherer.candidates().columns());
}

TEST(CandidateExchange, FlagsOfAllRanksAreJoined) {
  Fixture fixture(64);
  const std::uint32_t flags = fixture.gather(1U << fixture.world.rank());
  EXPECT_EQ(flags, (1U << fixture.world.size()) - 1);
}

TEST(CandidateExchange, SharesVectorsAndReducesGradientsInTheOrderOfTheTree) {
  Fixture fixture(777);
  fixture.gather();
  const auto own = fixture.exchange.own_slice();
  tensor::MatrixView vectors = fixture.exchange.vectors();
  for (std::size_t row = own.first; row < own.last; ++row) {
    for (std::size_t i = 0; i < dim; ++i) vectors(row, i) = test::number(1, row * dim + i);
  }
  fixture.exchange.start_share();
  fixture.exchange.progress();
  fixture.exchange.finish_share();
  for (std::size_t i = 0; i < vectors.size(); ++i) EXPECT_EQ(vectors.data()[i], test::number(1, i));

  tensor::MatrixView gradients = fixture.exchange.gradients();
  for (std::size_t lane = 0; lane < gradients.rows(); ++lane) {
    for (std::size_t i = 0; i < gradients.cols(); ++i) {
      gradients(lane, i) = test::number(10 + lane + static_cast<std::size_t>(fixture.layout.lanes.first), i);
    }
  }
  fixture.exchange.start_reduce();
  fixture.exchange.progress();
  const tensor::MatrixView sum = fixture.exchange.finish_reduce();
  EXPECT_EQ(sum.rows(), own.size());
  for (std::size_t i = 0; i < sum.size(); ++i) {
    EXPECT_EQ(sum.data()[i], test::tree_sum(0, lanes, [&](int lane) {
                return test::number(10 + static_cast<std::size_t>(lane), own.first * dim + i);
              }));
  }
}

TEST(CandidateExchange, MovesTheBytesOfTheFormulas) {
  Fixture fixture(2048);
  const std::int64_t others = fixture.world.size() - 1;
  std::int64_t before = test::sent_bytes();
  fixture.gather();
  // The own items and one word of flags, to each other rank.
  EXPECT_EQ(test::sent_bytes() - before, static_cast<std::int64_t>(fixture.own.size() + 1) * 4 * others);

  const auto own = static_cast<std::int64_t>(fixture.exchange.own_slice().size());
  const auto columns = static_cast<std::int64_t>(fixture.gatherer.candidates().columns());
  before = test::sent_bytes();
  fixture.exchange.start_share();
  fixture.exchange.finish_share();
  EXPECT_EQ(test::sent_bytes() - before, own * static_cast<std::int64_t>(dim) * 4 * others);

  before = test::sent_bytes();
  fixture.exchange.start_reduce();
  fixture.exchange.finish_reduce();
  const auto subtrees = static_cast<std::int64_t>(fixture.layout.subtrees.size());
  EXPECT_EQ(test::sent_bytes() - before, subtrees * (columns - own) * static_cast<std::int64_t>(dim) * 4);
}

}  // namespace
}  // namespace gemel::exchange
