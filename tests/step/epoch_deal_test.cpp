#include "step/epoch_deal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mpi/communicator.hpp"

namespace gemel::step {
namespace {

constexpr int lanes = 8;

/// Of example number i.
std::vector<std::uint32_t> list_of(std::int64_t i) {
  std::vector<std::uint32_t> list(static_cast<std::size_t>(i * i % 5));
  for (std::size_t part = 0; part < list.size(); ++part)
    list[part] = static_cast<std::uint32_t>(11 * i + static_cast<std::int64_t>(part));
  return list;
}

/// Example number i has item i, the words 7 i and 7 i + 1, and between them a list of 0 to 4. Own examples: every third number goes to a rank out of turn, and
/// where there is more than one rank the last one brings none. The weight of example i is i / 4, its user 3 i.
EpochDeal make_deal(const exchange::LaneLayout& layout, mpi::Communicator& communicator, std::int64_t total,
                    std::int64_t batch_size, std::uint64_t seed, bool with_weights = false,
                    bool with_users = false, UnknownIds unknown = {}) {
  features::Examples own;
  own.features.features = 3;
  own.features.lists = {1};
  std::vector<std::int64_t> numbers;
  const std::int64_t owners = std::max(communicator.size() - 1, 1);
  for (std::int64_t i = 0; i < total; ++i) {
    const std::int64_t owner = i % 3 == 0 ? 0 : i % owners;
    if (owner != communicator.rank()) continue;
    numbers.push_back(i);
    own.items.push_back(static_cast<std::int32_t>(i));
    own.features.words.push_back(static_cast<std::uint32_t>(7 * i));
    own.features.words.push_back(own.features.add_list(list_of(i)));
    own.features.words.push_back(static_cast<std::uint32_t>(7 * i + 1));
    if (with_weights) own.weights.push_back(0.25F * static_cast<float>(i));
    if (with_users) own.users.push_back(static_cast<std::int32_t>(3 * i));
  }
  return EpochDeal(layout, communicator, std::move(own), {.numbers = std::move(numbers)}, total, batch_size,
                   seed, std::move(unknown));
}

/// The numbers of the examples of a batch in order, all lanes of all ranks after one another. lane_sizes: of all lanes.
std::vector<std::int32_t> batch_order(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                                      const EpochDeal& deal, std::int64_t batch,
                                      std::vector<std::size_t>& lane_sizes) {
  std::vector<std::int32_t> own;
  std::vector<std::size_t> sizes;
  const auto own_range = deal.own_lanes(batch);
  std::size_t next = own_range.first;
  for (int lane = layout.lanes.first; lane < layout.lanes.last; ++lane) {
    const auto range = deal.lane(batch, lane);
    EXPECT_EQ(range.first, next);
    next = range.last;
    sizes.push_back(range.size());
    for (std::size_t i = range.first; i < range.last; ++i) {
      const std::int32_t item = deal.dealt().items[i];
      own.push_back(item);
      const features::FeatureRows& rows = deal.dealt().features;
      EXPECT_EQ(rows.words[3 * i], static_cast<std::uint32_t>(7 * item));
      EXPECT_TRUE(std::ranges::equal(rows.values(i, 1), list_of(item)));
      EXPECT_EQ(rows.words[3 * i + 2], static_cast<std::uint32_t>(7 * item + 1));
    }
  }
  EXPECT_EQ(own_range.last, next);
  lane_sizes = communicator.all_gather_varying(std::span<const std::size_t>(sizes));
  return communicator.all_gather_varying(std::span<const std::int32_t>(own));
}

std::vector<std::int32_t> epoch_order(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                                      EpochDeal& deal, std::int64_t epoch) {
  deal.deal(epoch);
  std::vector<std::int32_t> order;
  for (std::int64_t batch = 0; batch < deal.batches(); ++batch) {
    std::vector<std::size_t> lane_sizes;
    const auto part = batch_order(layout, communicator, deal, batch, lane_sizes);
    EXPECT_EQ(static_cast<std::int64_t>(part.size()), deal.batch_examples(batch));
    EXPECT_EQ(lane_sizes.size(), std::size_t{lanes});
    const auto [least, most] = std::minmax_element(lane_sizes.begin(), lane_sizes.end());
    EXPECT_LE(*most - *least, 1U) << "lanes are dealt evenly";
    order.insert(order.end(), part.begin(), part.end());
  }
  return order;
}

void expect_deals(std::int64_t total, std::int64_t batch_size) {
  auto world = mpi::Communicator::world();
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  EpochDeal deal = make_deal(layout, world, total, batch_size, 11);
  auto alone = mpi::Communicator::self();
  const exchange::LaneLayout plan_alone(lanes, 1, 0);
  EpochDeal deal_alone = make_deal(plan_alone, alone, total, batch_size, 11);
  std::set<std::vector<std::int32_t>> orders;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    const auto order = epoch_order(layout, world, deal, epoch);
    const std::set<std::int32_t> distinct(order.begin(), order.end());
    EXPECT_EQ(static_cast<std::int64_t>(order.size()), total);
    EXPECT_EQ(static_cast<std::int64_t>(distinct.size()), total) << "each example once";
    EXPECT_EQ(order, epoch_order(plan_alone, alone, deal_alone, epoch)) << "as on one rank";
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), total > 10 ? 3U : orders.size());
}

TEST(EpochDealTest, DealsEveryExampleOnceInTheSameOrderOnAnyNumberOfRanks) {
  expect_deals(96, 24);
  expect_deals(100, 24);   // a last batch of 4: lanes without examples
  expect_deals(1003, 77);  // lanes of different sizes
}

TEST(EpochDealTest, DealsMoreExamplesThanTravelAtATime) {
  auto world = mpi::Communicator::world();
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  const std::size_t total = EpochDeal::round_examples + 3;
  features::Examples own;  // root has them all
  own.features.features = 1;
  for (std::size_t i = 0; world.is_root() && i < total; ++i) {
    own.items.push_back(static_cast<std::int32_t>(i));
    own.features.words.push_back(static_cast<std::uint32_t>(7 * i));
  }
  EpochDeal deal(layout, world, std::move(own), {.first = 0}, static_cast<std::int64_t>(total), 4096, 1);
  deal.deal(0);
  std::vector<std::int64_t> times(total, 0);
  for (std::size_t slot = 0; slot < deal.dealt().size(); ++slot) {
    const std::int32_t item = deal.dealt().items[slot];
    ++times[static_cast<std::size_t>(item)];
    ASSERT_EQ(deal.dealt().features.words[slot], static_cast<std::uint32_t>(7 * item));
  }
  world.sum(std::span(times));
  EXPECT_EQ(std::ranges::count(times, 1), static_cast<std::ptrdiff_t>(total));
}

TEST(EpochDealTest, DealsFewExamples) {
  expect_deals(3, 24);
  expect_deals(1, 1);
}

TEST(EpochDealTest, OnlyTheLastBatchIsShort) {
  auto alone = mpi::Communicator::self();
  const exchange::LaneLayout layout(lanes, 1, 0);
  const EpochDeal deal = make_deal(layout, alone, 100, 24, 1);
  EXPECT_EQ(deal.batches(), 5);
  for (std::int64_t batch = 0; batch < 4; ++batch) EXPECT_EQ(deal.batch_examples(batch), 24);
  EXPECT_EQ(deal.batch_examples(4), 4);
  EXPECT_EQ(make_deal(layout, alone, 96, 24, 1).batches(), 4);
}

TEST(EpochDealTest, DealingAnEpochAgainGivesTheSameOrderAndAnotherSeedAnother) {
  auto alone = mpi::Communicator::self();
  const exchange::LaneLayout layout(lanes, 1, 0);
  EpochDeal deal = make_deal(layout, alone, 60, 24, 1);
  const auto order = epoch_order(layout, alone, deal, 4);
  epoch_order(layout, alone, deal, 5);
  EXPECT_EQ(epoch_order(layout, alone, deal, 4), order);
  EpochDeal other = make_deal(layout, alone, 60, 24, 2);
  EXPECT_NE(epoch_order(layout, alone, other, 4), order);
}

TEST(EpochDealTest, WeightsTravelWithTheirExamples) {
  auto world = mpi::Communicator::world();
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  for (const std::int64_t total : {100, 2}) {
    EpochDeal deal = make_deal(layout, world, total, 24, 11, true);
    EpochDeal unweighted = make_deal(layout, world, total, 24, 11);
    for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
      EXPECT_EQ(epoch_order(layout, world, deal, epoch), epoch_order(layout, world, unweighted, epoch));
      const features::Examples& dealt = deal.dealt();
      EXPECT_EQ(dealt.weights.size(), dealt.size());
      for (std::size_t i = 0; i < dealt.size(); ++i)
        EXPECT_EQ(dealt.weights.at(i), 0.25F * static_cast<float>(dealt.items[i]));
      EXPECT_TRUE(unweighted.dealt().weights.empty());
    }
  }
}

TEST(EpochDealTest, UsersTravelWithTheirExamples) {
  auto world = mpi::Communicator::world();
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  for (const std::int64_t total : {100, 2}) {
    for (const bool with_weights : {false, true}) {
      EpochDeal deal = make_deal(layout, world, total, 24, 11, with_weights, true);
      EpochDeal plain = make_deal(layout, world, total, 24, 11);
      EXPECT_EQ(epoch_order(layout, world, deal, 0), epoch_order(layout, world, plain, 0));
      const features::Examples& dealt = deal.dealt();
      EXPECT_EQ(dealt.users.size(), dealt.size());
      for (std::size_t i = 0; i < dealt.size(); ++i) {
        EXPECT_EQ(dealt.users.at(i), 3 * dealt.items[i]);
        if (!with_weights) continue;
        EXPECT_EQ(dealt.weights.at(i), 0.25F * static_cast<float>(dealt.items[i]));
      }
      EXPECT_TRUE(plain.dealt().users.empty());
    }
  }
}

/// The items of the examples of an epoch whose second id was replaced. Everything else must have stayed.
std::set<std::int32_t> unknown_items(mpi::Communicator& communicator, std::int64_t total, float share,
                                     std::int64_t epoch) {
  const exchange::LaneLayout layout(lanes, communicator.size(), communicator.rank());
  EpochDeal deal = make_deal(layout, communicator, total, 24, 11, false, false, {share, {2}});
  deal.deal(epoch);
  std::vector<std::int32_t> own;
  for (std::size_t i = 0; i < deal.dealt().size(); ++i) {
    const std::int32_t item = deal.dealt().items[i];
    EXPECT_EQ(deal.dealt().features.words[3 * i], static_cast<std::uint32_t>(7 * item)) << "is no id";
    const std::uint32_t id = deal.dealt().features.words[3 * i + 2];
    if (id == 0) {
      own.push_back(item);
    } else {
      EXPECT_EQ(id, static_cast<std::uint32_t>(7 * item + 1));
    }
  }
  const auto all = communicator.all_gather_varying(std::span<const std::int32_t>(own));
  return {all.begin(), all.end()};
}

TEST(EpochDealTest, MakesAShareOfTheIdsUnknownTheSameOnAnyNumberOfRanks) {
  auto world = mpi::Communicator::world();
  auto alone = mpi::Communicator::self();
  const auto unknown = unknown_items(world, 4000, 0.25F, 0);
  EXPECT_NEAR(static_cast<double>(unknown.size()), 1000, 165);  // six deviations
  EXPECT_EQ(unknown_items(alone, 4000, 0.25F, 0), unknown);
  EXPECT_NE(unknown_items(world, 4000, 0.25F, 1), unknown) << "each epoch draws anew";
  EXPECT_TRUE(unknown_items(world, 4000, 0.0F, 0).empty());
}

}  // namespace
}  // namespace gemel::step
