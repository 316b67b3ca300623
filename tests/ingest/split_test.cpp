#include "gemel/ingest/split.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "ingest/support.hpp"

namespace gemel::ingest {
namespace {

TEST(Split, NumbersEveryTrainingAndTestExampleOnce) {
  const Split split(1003, 0.2, 42);
  EXPECT_EQ(split.train_size(), 802);
  EXPECT_EQ(split.test_size(), 201);  // 200.6, rounded
  std::vector<int> train(802);
  std::vector<int> test(201);
  for (std::int64_t index = 0; index < 1003; ++index) {
    ++(split.is_test(index) ? test : train).at(static_cast<std::size_t>(split.number(index)));
  }
  EXPECT_THAT(train, testing::Each(1));
  EXPECT_THAT(test, testing::Each(1));
}

TEST(Split, IsAFunctionOfItsSeed) {
  const Split split(1000, 0.2, 1);
  const Split same(1000, 0.2, 1);
  const Split other(1000, 0.2, 2);
  int differences = 0;
  for (std::int64_t index = 0; index < 1000; ++index) {
    EXPECT_EQ(split.is_test(index), same.is_test(index));
    EXPECT_EQ(split.number(index), same.number(index));
    differences += split.is_test(index) != other.is_test(index) ? 1 : 0;
  }
  EXPECT_NEAR(differences, 320, 80);  // 2 * 0.2 * 0.8 * 1000, six deviations either way
}

TEST(Split, DrawsEvenly) {
  const Split split(100'000, 0.2, 42);
  for (std::int64_t block = 0; block < 10; ++block) {
    int tests = 0;
    for (std::int64_t index = block * 10'000; index < (block + 1) * 10'000; ++index)
      tests += split.is_test(index) ? 1 : 0;
    EXPECT_NEAR(tests, 2000, 240);  // six deviations
  }
}

TEST(Split, MayKeepNothingForTests) {
  const Split split(10, 0, 42);
  EXPECT_EQ(split.train_size(), 10);
  EXPECT_EQ(split.test_size(), 0);
  for (std::int64_t index = 0; index < 10; ++index) EXPECT_FALSE(split.is_test(index));
}

TEST(Split, RefusesFractionsThatAreNone) {
  for (const double fraction : {-0.1, 1.0, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
    const Failure failure = failure_of([&] { Split(10, fraction, 42); });
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    EXPECT_THAT(failure.message, testing::StartsWith("--test-fraction "));
  }
}

TEST(Split, RefusesToLeaveNothingToTrainOn) {
  EXPECT_EQ(failure_of([] { Split(1, 0.5, 42); }).code, base::ExitCode::data);
  EXPECT_EQ(failure_of([] { Split(0, 0.0, 42); }).code, base::ExitCode::data);
}

}  // namespace
}  // namespace gemel::ingest
