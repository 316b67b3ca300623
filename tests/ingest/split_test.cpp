#include "ingest/split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "ingest/synthetic.hpp"
#include "support/failure.hpp"

namespace gemel::ingest {
namespace {

/// 997 interactions of up to 400 users, many of them at the same time; or none of them with a time.
Dataset make_interactions(mpi::Communicator& communicator, bool with_times = true) {
  Dataset dataset = synthesize({.users = 400, .items = 50, .interactions = 997, .seed = 3}, communicator);
  if (!with_times) dataset.interactions.numbers.erase("timestamp");
  for (auto& [name, column] : dataset.interactions.numbers) {
    for (std::int64_t& value : column) value -= value % 100'000;
  }
  return dataset;
}

/// A split of all ranks' interactions, in their order.
struct WholeSplit {
  std::vector<Part> parts;
  std::vector<std::int64_t> numbers;
  std::array<std::int64_t, 3> sizes = {};
};

WholeSplit split_on(mpi::Communicator& communicator, const DataOptions& options, bool with_times = true) {
  const Split split = split_interactions(make_interactions(communicator, with_times), options, communicator);
  auto next = split.firsts;
  std::vector<std::int64_t> numbers;
  for (const Part part : split.parts) numbers.push_back(next[static_cast<std::size_t>(part)]++);
  return {communicator.all_gather_varying(std::span<const Part>(split.parts)),
          communicator.all_gather_varying(std::span<const std::int64_t>(numbers)), split.sizes};
}

/// The split on all ranks, after it has been found to be that of one rank, with every example of a part numbered once.
WholeSplit split_everywhere(const DataOptions& options, bool with_times = true) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const WholeSplit split = split_on(world, options, with_times);
  const WholeSplit alone = split_on(self, options, with_times);
  EXPECT_EQ(split.parts, alone.parts);
  EXPECT_EQ(split.numbers, alone.numbers);
  EXPECT_EQ(split.sizes, alone.sizes);
  std::array<std::vector<int>, 3> seen;
  for (std::size_t part = 0; part < 3; ++part) seen[part].resize(static_cast<std::size_t>(split.sizes[part]));
  for (std::size_t i = 0; i < split.parts.size(); ++i)
    ++seen[static_cast<std::size_t>(split.parts[i])].at(static_cast<std::size_t>(split.numbers[i]));
  for (const auto& of_part : seen) EXPECT_THAT(of_part, testing::Each(1));
  return split;
}

DataOptions kind(SplitKind split) {
  DataOptions options;
  options.split = split;
  return options;
}

/// The interactions by (time, place).
std::vector<std::size_t> in_time(const Dataset& dataset) {
  std::vector<std::size_t> order(dataset.item_rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto times = dataset.interactions.numbers.find("timestamp");
  if (times != dataset.interactions.numbers.end())
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return times->second[i]; });
  return order;
}

TEST(SplitTest, AtRandomTakesTheShareExactlyAndEvenly) {
  EXPECT_THAT(split_everywhere({}).sizes, testing::ElementsAre(798, 0, 199));  // 199.4, rounded
  DataOptions options;
  options.test_fraction = 0.5;
  const WholeSplit half = split_everywhere(options);
  EXPECT_THAT(half.sizes, testing::ElementsAre(498, 0, 499));  // 498.5, rounded away from zero
  std::int64_t early = 0;
  for (std::size_t i = 0; i < 500; ++i) early += half.parts[i] == Part::test ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(early), 250, 48);  // six deviations
  options.test_fraction = 0;
  EXPECT_THAT(split_everywhere(options).sizes, testing::ElementsAre(997, 0, 0));
}

TEST(SplitTest, AtRandomIsAFunctionOfItsSeed) {
  DataOptions options;
  const WholeSplit split = split_everywhere(options);
  EXPECT_EQ(split_everywhere(options).parts, split.parts);
  options.split_seed = 43;
  const WholeSplit other = split_everywhere(options);
  int differences = 0;
  for (std::size_t i = 0; i < 997; ++i) differences += split.parts[i] != other.parts[i] ? 1 : 0;
  EXPECT_NEAR(differences, 319, 80);  // 2 * 0.2 * 0.8 * 997, six deviations either way
}

/// Some of one rank's interactions, in this order.
Dataset select(const Dataset& whole, const std::vector<std::size_t>& places) {
  Dataset dataset = whole;
  dataset.total = static_cast<std::int64_t>(places.size());
  dataset.item_rows.clear();
  dataset.interactions = {};
  dataset.interactions.rows = places.size();
  for (const std::size_t place : places) {
    dataset.item_rows.push_back(whole.item_rows[place]);
    for (const auto& [name, column] : whole.interactions.strings)
      dataset.interactions.strings[name].push_back(column[place]);
    for (const auto& [name, column] : whole.interactions.numbers)
      dataset.interactions.numbers[name].push_back(column[place]);
  }
  return dataset;
}

/// Whether each interaction is unlike all others. Which of equal ones is meant is told by their order alone.
std::vector<bool> find_unique(const Dataset& dataset) {
  const auto identity = [&](std::size_t i) {
    return std::tuple(dataset.interactions.strings.at("user_id")[i], dataset.item_rows[i],
                      dataset.interactions.numbers.at("timestamp")[i]);
  };
  std::map<decltype(identity(0)), int> count;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) ++count[identity(i)];
  std::vector<bool> is_unique;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) is_unique.push_back(count[identity(i)] == 1);
  return is_unique;
}

/// Splits 900 interactions, then all 997 in another order, the new ones among them, by the borders of the first split.
void expect_that_growth_keeps_training_examples(const DataOptions& options) {
  auto self = mpi::Communicator::self();
  const Dataset whole = make_interactions(self);
  const std::vector<bool> is_unique = find_unique(whole);
  EXPECT_GT(std::ranges::count(is_unique, true), 900);
  std::vector<std::size_t> early, all;
  for (std::size_t i = 0; i < 997; ++i) {
    const std::size_t place = i * 500 % 997;
    all.push_back(place);
    if (place < 900) early.push_back(place);
  }
  const Split first = split_interactions(select(whole, early), options, self);
  const EarlierSplit earlier = {first.borders, true};
  const Split grown = split_interactions(select(whole, all), options, self, &earlier);
  std::map<std::size_t, Part> was;
  for (std::size_t i = 0; i < early.size(); ++i) was[early[i]] = first.parts[i];
  std::array<std::int64_t, 3> new_ones{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto before = was.find(all[i]);
    if (before == was.end()) {
      ++new_ones[static_cast<std::size_t>(grown.parts[i])];
    } else if (!is_unique[all[i]]) {
      continue;
    } else if (options.split != SplitKind::time) {
      EXPECT_EQ(grown.parts[i], before->second) << all[i];
    } else if (before->second == Part::train) {
      EXPECT_EQ(grown.parts[i], Part::train) << all[i];
    }
  }
  EXPECT_GT(new_ones[0], 50);
  if (options.split != SplitKind::time) {
    EXPECT_GT(new_ones[2], 8) << "new interactions are tested, too";
  }
  // On the same data the borders mean the same split.
  const EarlierSplit same = {first.borders, false};
  EXPECT_EQ(split_interactions(select(whole, early), options, self, &same).parts, first.parts);
}

TEST(SplitTest, AnInteractionThatWasTrainedOnNeverComesIntoTheTest) {
  for (const SplitKind split : {SplitKind::random, SplitKind::k_fold, SplitKind::time}) {
    for (const double validation : {0.0, 0.1}) {
      DataOptions options = kind(split);
      options.validation_fraction = validation;
      options.fold = 3;
      expect_that_growth_keeps_training_examples(options);
    }
  }
}

TEST(SplitTest, ByTimeTakesTheLastShares) {
  DataOptions options = kind(SplitKind::time);
  options.validation_fraction = 0.1;
  const WholeSplit split = split_everywhere(options);
  auto self = mpi::Communicator::self();
  std::vector<Part> expected(997, Part::train);
  const auto order = in_time(make_interactions(self));
  for (std::size_t rank = 0; rank < 997; ++rank) {  // 0.2 * 997 = 199.4; 0.1 * 798 = 79.8
    if (rank >= 718) expected[order[rank]] = Part::validation;
    if (rank >= 798) expected[order[rank]] = Part::test;
  }
  EXPECT_EQ(split.parts, expected);
  EXPECT_THAT(split.sizes, testing::ElementsAre(718, 80, 199));
  options.validation_fraction = 0;
  EXPECT_THAT(split_everywhere(options).sizes, testing::ElementsAre(798, 0, 199));
}

void expect_last_out(bool for_validation, bool with_times) {
  const WholeSplit split = split_everywhere(
      kind(for_validation ? SplitKind::leave_last_two_out : SplitKind::leave_last_out), with_times);
  auto self = mpi::Communicator::self();
  const Dataset dataset = make_interactions(self, with_times);
  std::map<std::string, std::vector<std::size_t>> of_user;
  for (const std::size_t i : in_time(dataset))
    of_user[std::string(dataset.interactions.strings.at("user_id")[i])].push_back(i);
  std::vector<Part> expected(997, Part::train);
  std::int64_t users = 0;
  std::int64_t too_short = 0;
  for (const auto& [user, interactions] : of_user) {
    const bool is_enough = interactions.size() >= (for_validation ? 3 : 2);
    ++(is_enough ? users : too_short);
    if (!is_enough) continue;
    expected[interactions.back()] = Part::test;
    if (for_validation) expected[interactions[interactions.size() - 2]] = Part::validation;
  }
  EXPECT_EQ(split.parts, expected);
  EXPECT_EQ(split.sizes[2], users);
  EXPECT_EQ(split.sizes[1], for_validation ? users : 0);
  EXPECT_GT(too_short, 0) << "the test has no user with too few";
}

TEST(SplitTest, LeavesTheLastOneOfEveryUserOut) {
  expect_last_out(false, true);
  expect_last_out(false, false);
}
TEST(SplitTest, LeavesTheLastTwoOfEveryUserOut) {
  expect_last_out(true, true);
  expect_last_out(true, false);
}

TEST(SplitTest, FoldsAreEvenAndTakeEveryInteractionOnce) {
  DataOptions options = kind(SplitKind::k_fold);
  options.folds = 4;
  std::vector<int> tests(997, 0);
  std::vector<std::vector<Part>> splits;
  for (options.fold = 1; options.fold <= 4; ++options.fold) {
    const WholeSplit split = split_everywhere(options);
    EXPECT_NEAR(static_cast<double>(split.sizes[2]), 997 / 4.0, 1);
    for (std::size_t i = 0; i < 997; ++i) tests[i] += split.parts[i] == Part::test ? 1 : 0;
    splits.push_back(split.parts);
  }
  EXPECT_THAT(tests, testing::Each(1));
  options.fold = 2;
  options.split_seed = 43;
  EXPECT_NE(split_everywhere(options).parts, splits[1]);
}

TEST(SplitTest, DrawsValidationExamplesOfTheTrainingPart) {
  for (const SplitKind split : {SplitKind::random, SplitKind::k_fold}) {
    DataOptions options = kind(split);
    const WholeSplit before = split_everywhere(options);
    options.validation_fraction = 0.25;
    const WholeSplit after = split_everywhere(options);
    const std::int64_t validation = std::llround(0.25 * static_cast<double>(before.sizes[0]));
    EXPECT_THAT(after.sizes, testing::ElementsAre(before.sizes[0] - validation, validation, before.sizes[2]));
    for (std::size_t i = 0; i < 997; ++i)
      EXPECT_EQ(after.parts[i] == Part::test, before.parts[i] == Part::test) << "the test part stays";
    std::int64_t early = 0;
    for (std::size_t i = 0; i < 498; ++i) early += after.parts[i] == Part::validation ? 1 : 0;
    EXPECT_NEAR(static_cast<double>(early), static_cast<double>(validation) / 2, 45) << "drawn evenly";
  }
}

TEST(SplitTest, KeepsThePartsThatTheDataComesWith) {
  auto world = mpi::Communicator::world();
  Dataset dataset = make_interactions(world);
  dataset.comes_split = true;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i)
    dataset.parts.push_back(3 * i < dataset.item_rows.size() ? Part::train : Part::test);
  DataOptions options;
  Split split = split_interactions(dataset, options, world);
  EXPECT_EQ(split.parts, dataset.parts);
  EXPECT_EQ(split.size(Part::train), world.sum(std::ranges::count(dataset.parts, Part::train)));
  options.validation_fraction = 0.5;
  split = split_interactions(dataset, options, world);
  EXPECT_GT(split.size(Part::validation), 0);
  for (std::size_t i = 0; i < dataset.parts.size(); ++i)
    EXPECT_EQ(split.parts[i] == Part::test, dataset.parts[i] == Part::test);
  options.is_split_settled = true;
  EXPECT_THAT(failure_of([&] { split_interactions(dataset, options, world); }).message,
              testing::HasSubstr("comes split into files already"));
  options = {};
  options.validation_fraction = 0.5;
  if (!dataset.parts.empty()) dataset.parts.back() = Part::validation;
  EXPECT_THAT(failure_of([&] { split_interactions(dataset, options, world); }).message,
              testing::HasSubstr("comes with validation examples"));
}

Failure refusal(const DataOptions& options, const SyntheticOptions& sizes = {}, bool with_times = true) {
  auto world = mpi::Communicator::world();
  Dataset dataset = synthesize(sizes, world);
  if (!with_times) dataset.interactions.numbers.erase("timestamp");
  return failure_of([&] { split_interactions(dataset, options, world); });
}

TEST(SplitTest, RefusesWhatCannotBe) {
  Failure failure = refusal(kind(SplitKind::time), {}, false);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message,
              testing::HasSubstr("has no timestamps; its columns are: user_id (text), rating (number)"));
  // One interaction of each user, at most.
  const SyntheticOptions one = {.users = 9, .items = 9, .interactions = 1};
  failure = refusal(kind(SplitKind::leave_last_out), one);
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message, testing::HasSubstr("no test example is left of 1 interactions"));
  EXPECT_THAT(refusal(kind(SplitKind::k_fold), one).message, testing::HasSubstr("no t"));
  DataOptions options;
  options.validation_fraction = 0.01;
  EXPECT_THAT(refusal(options, {.users = 9, .items = 9, .interactions = 10}).message,
              testing::HasSubstr("no validation example is left"));
  options.validation_fraction = 1;
  EXPECT_THAT(refusal(options).message, testing::StartsWith("--validation-fraction 1:"));
  for (const double fraction : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    options = {};
    options.test_fraction = fraction;
    failure = refusal(options);
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    EXPECT_THAT(failure.message, testing::StartsWith("--test-fraction "));
  }
  options = {};
  options.test_fraction = 0.9;
  failure = refusal(options, one);
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message, testing::HasSubstr("no training example is left of 1 interactions"));
  options = kind(SplitKind::leave_last_two_out);
  options.validation_fraction = 0.1;
  failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message, testing::HasSubstr("keeps an interaction of every user for validation"));
  options = kind(SplitKind::time);
  options.test_fraction = 0.999;
  EXPECT_THAT(refusal(options, {.users = 9, .items = 9, .interactions = 10}).message,
              testing::HasSubstr("no training example is left"));
}

}  // namespace
}  // namespace gemel::ingest
