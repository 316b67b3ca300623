#include "ingest/interaction_draws.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

struct Interaction {
  std::string user;
  std::int32_t item;
  std::int64_t time;
};

constexpr std::int64_t items = 7;

/// A rank's block of interactions with a catalogue of seven items, whose ids begin with `prefix`.
Dataset dataset_of(const std::vector<Interaction>& all, const mpi::Communicator& communicator,
                   const std::string& prefix = "item ") {
  Dataset dataset;
  dataset.total = static_cast<std::int64_t>(all.size());
  for (const Interaction& interaction : block_of(all, communicator)) {
    dataset.interactions.strings["user_id"].push_back(interaction.user);
    dataset.interactions.numbers["timestamp"].push_back(interaction.time);
    dataset.item_rows.push_back(interaction.item);
  }
  dataset.interactions.strings["user_id"];
  dataset.interactions.numbers["timestamp"];
  const auto range = exchange::RowBlocks(items, communicator.size()).block(communicator.rank());
  TextColumn& ids = dataset.catalogue.strings["item_id"];
  for (std::int64_t row = range.first; row < range.last; ++row) ids.push_back(prefix + std::to_string(row));
  return dataset;
}

std::vector<Interaction> made_up(std::size_t count) {
  std::vector<Interaction> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({"user " + std::to_string(i % 11), static_cast<std::int32_t>(i % 7),
                   static_cast<std::int64_t>(i % 13)});  // equal ones come 1001 apart
  }
  return all;
}

/// Of all ranks' interactions. Collective.
std::vector<std::int64_t> draws_of(const std::vector<Interaction>& all, mpi::Communicator& communicator,
                                   std::uint64_t seed = 1, const char* purpose = "test") {
  const InteractionDraws draws(dataset_of(all, communicator), communicator);
  return communicator.all_gather_varying(std::span<const std::int64_t>(draws.draw(seed, purpose)));
}

class InteractionDrawsTest : public testing::Test {
 protected:
  mpi::Communicator world_ = mpi::Communicator::world();
  mpi::Communicator self_ = mpi::Communicator::self();
};

TEST_F(InteractionDrawsTest, DoNotDependOnTheNumberOfRanks) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{2500}}) {
    const auto all = made_up(count);
    EXPECT_EQ(draws_of(all, world_), draws_of(all, self_));
  }
}

TEST_F(InteractionDrawsTest, AreUniformAndDifferForEqualOnesToo) {
  const auto draws = draws_of(made_up(3003), world_);  // each of 1001 three times
  EXPECT_EQ(std::set<std::int64_t>(draws.begin(), draws.end()).size(), 3003U);
  double sum = 0;
  for (const std::int64_t draw : draws) {
    EXPECT_GE(draw, 0);
    EXPECT_LT(draw, InteractionDraws::end);
    sum += static_cast<double>(draw) / static_cast<double>(InteractionDraws::end);
  }
  EXPECT_NEAR(sum / 3003, 0.5, 6 * 0.2887 / 54.8);
}

TEST_F(InteractionDrawsTest, StayWithTheInteractionWhateverElseThereIs) {
  auto all = made_up(1001);  // all different
  const auto before = draws_of(all, world_);
  std::vector<Interaction> grown;
  for (std::size_t i = 0; i < 1001; ++i) {
    grown.push_back({"new", static_cast<std::int32_t>(i % 7), static_cast<std::int64_t>(i)});
    grown.push_back(all[1000 - i]);
  }
  const auto after = draws_of(grown, world_);
  for (std::size_t i = 0; i < 1001; ++i) EXPECT_EQ(after[2 * i + 1], before[1000 - i]);
}

TEST_F(InteractionDrawsTest, EqualOnesThatComeLaterLeaveTheEarlierOnesTheirDraws) {
  const Interaction same = {"user", 3, 5};
  const auto two = draws_of({same, same}, self_);
  const auto four = draws_of({same, same, same, same}, self_);
  EXPECT_EQ(std::vector(four.begin(), four.begin() + 2), two);
  EXPECT_EQ(std::set<std::int64_t>(four.begin(), four.end()).size(), 4U);
}

TEST_F(InteractionDrawsTest, AreDrawnFromUserItemTimeSeedAndPurpose) {
  const auto of = [&](const Interaction& one) { return draws_of({one}, self_).front(); };
  const Interaction one = {"user", 3, 5};
  EXPECT_EQ(of(one), of(one));
  EXPECT_NE(of(one), of({"user ", 3, 5}));
  EXPECT_NE(of(one), of({"user", 4, 5}));
  EXPECT_NE(of(one), of({"user", 3, 6}));
  EXPECT_NE(of(one), draws_of({one}, self_, 2).front());
  EXPECT_NE(of(one), draws_of({one}, self_, 1, "other").front());
  // The item is known by its id: its row changes as a catalogue grows.
  const InteractionDraws other(dataset_of({one}, self_, "film "), self_);
  EXPECT_NE(other.draw(1, "test").front(), of(one));
}

/// What is equal in training and test has a draw of its own in each, on any number of ranks.
TEST_F(InteractionDrawsTest, EqualOnesOfOtherPartsAreOthers) {
  const auto all = made_up(60);
  const auto draws_in_parts = [&](mpi::Communicator& communicator) {
    Dataset dataset = dataset_of(all, communicator);
    dataset.comes_split = true;
    // Each rank has a block of the training file, then the same block of a test file with the same content.
    const Dataset once = dataset;
    for (std::size_t i = 0; i < once.item_rows.size(); ++i) dataset.parts.push_back(Part::train);
    for (std::size_t i = 0; i < once.item_rows.size(); ++i) {
      dataset.interactions.strings["user_id"].push_back(once.interactions.strings.at("user_id")[i]);
      dataset.interactions.numbers["timestamp"].push_back(once.interactions.numbers.at("timestamp")[i]);
      dataset.item_rows.push_back(once.item_rows[i]);
      dataset.parts.push_back(Part::test);
    }
    const auto draws = InteractionDraws(dataset, communicator).draw(1, "test");
    const auto half = static_cast<std::ptrdiff_t>(once.item_rows.size());
    auto both = communicator.all_gather_varying(
        std::span<const std::int64_t>(std::vector(draws.begin(), draws.begin() + half)));
    const auto of_test = communicator.all_gather_varying(
        std::span<const std::int64_t>(std::vector(draws.begin() + half, draws.end())));
    both.insert(both.end(), of_test.begin(), of_test.end());
    return both;
  };
  const auto draws = draws_in_parts(world_);
  EXPECT_EQ(draws, draws_in_parts(self_));
  EXPECT_EQ(std::set<std::int64_t>(draws.begin(), draws.end()).size(), 120U);
}

}  // namespace
}  // namespace gemel::ingest
