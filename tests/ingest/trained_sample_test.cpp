#include "ingest/trained_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/split.hpp"
#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

struct Example {
  std::int32_t user;
  std::int32_t item;
  std::int64_t time;
  Part part = Part::train;
};
constexpr std::int64_t items = 40;
constexpr std::int64_t most = TrainedSample::most;

/// This rank's block of examples, and their split.
struct Data {
  Data(const std::vector<Example>& all, const mpi::Communicator& communicator, bool has_times = true) {
    dataset.interactions.strings["user_id"];
    if (has_times) dataset.interactions.numbers["timestamp"];
    for (const Example& example : block_of(all, communicator)) {
      dataset.interactions.strings["user_id"].push_back("user " + std::to_string(example.user));
      if (has_times) dataset.interactions.numbers["timestamp"].push_back(example.time);
      dataset.item_rows.push_back(example.item);
      split.parts.push_back(example.part);
    }
    const auto range = exchange::RowBlocks(items, communicator.size()).block(communicator.rank());
    TextColumn& ids = dataset.catalogue.strings["item_id"];
    for (std::int64_t row = range.first; row < range.last; ++row)
      ids.push_back("item " + std::to_string(row));
  }
  Dataset dataset;
  Split split;
};

/// `count` different interactions, every fifth of them for the test.
std::vector<Example> made_up(int count) {
  std::vector<Example> all;
  for (std::int32_t i = 0; i < count; ++i)
    all.push_back({i / 37, i % 37, 1000 + i, i % 5 == 0 ? Part::test : Part::train});
  return all;
}

class TrainedSampleTest : public testing::Test {
 protected:
  TrainedSample sample_of(const std::vector<Example>& all, const TrainedSample& earlier = {}) {
    const Data data(all, world_);
    return sample_training(data.dataset, data.split, earlier, world_);
  }
  SampleFate fate_of(const TrainedSample& sample, const std::vector<Example>& all, bool has_times = true) {
    const Data data(all, world_, has_times);
    return find_sample(sample, data.dataset, data.split, world_);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  mpi::Communicator self_ = mpi::Communicator::self();
};

TEST_F(TrainedSampleTest, IsTheSameOnAnyNumberOfRanks) {
  for (const int count : {0, 1, 100, 6000}) {
    const TrainedSample sample = sample_of(made_up(count));
    const Data alone(made_up(count), self_);
    const TrainedSample truth = sample_training(alone.dataset, alone.split, {}, self_);
    EXPECT_EQ(sample.pairs, truth.pairs);
    EXPECT_EQ(sample.interactions, truth.interactions);
    EXPECT_EQ(sample.size(), std::min<std::int64_t>(most, count - (count + 4) / 5));
  }
}

TEST_F(TrainedSampleTest, IsFoundInTheDataThatItIsOf) {
  const auto all = made_up(6000);
  const SampleFate fate = fate_of(sample_of(all), all);
  EXPECT_EQ(fate.in_training, most);
  EXPECT_EQ(fate.held_out + fate.at_another_time + fate.absent, 0);
}

TEST_F(TrainedSampleTest, TellsWhatHasBecomeOfTheTrainingExamples) {
  const auto all = made_up(6000);
  const TrainedSample sample = sample_of(all);
  auto swapped = all;  // training and test change places
  for (Example& example : swapped) example.part = example.part == Part::train ? Part::test : Part::train;
  EXPECT_EQ(fate_of(sample, swapped).held_out, most);
  auto later = all;
  for (Example& example : later) example.time *= 1000;
  EXPECT_EQ(fate_of(sample, later).at_another_time, most);
  EXPECT_EQ(fate_of(sample, all, false).at_another_time, most);
  auto renamed = all;
  for (Example& example : renamed) example.user += 10'000;
  EXPECT_EQ(fate_of(sample, renamed).absent, most);
  // A half is gone.
  const SampleFate half = fate_of(sample, {all.begin(), all.begin() + 3000});
  EXPECT_EQ(half.in_training + half.absent, most);
  EXPECT_NEAR(static_cast<double>(half.in_training), most / 2.0, 192);  // six deviations
  EXPECT_EQ(fate_of({}, all).in_training, 0);
}

TEST_F(TrainedSampleTest, IsThatOfAllThatWasTrainedOn) {
  const auto all = made_up(6000);
  const std::vector<Example> first(all.begin(), all.begin() + 3000);
  const std::vector<Example> second(all.begin() + 3000, all.end());
  EXPECT_EQ(sample_of(second, sample_of(first)).interactions, sample_of(all).interactions);
}

}  // namespace
}  // namespace gemel::ingest
