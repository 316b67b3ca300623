#include "run/best_epoch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.hpp"

namespace gemel::run {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using enum MetricKind;

const std::vector<Metric> measured = {{accuracy, 10}, {recall, 10}};
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Step 40 times the epoch.
step::EpochRecord record(std::int64_t epoch, double loss, double top_10, double recall_10) {
  return {epoch, 40 * epoch, loss, {top_10, recall_10}};
}

TEST(BestEpochTest, OfAMetricIsTheHighest) {
  BestEpoch best("recall-10", measured);
  EXPECT_FALSE(best.best());
  EXPECT_TRUE(best.watch(record(5, 3, 0.9, 0.0)));
  EXPECT_TRUE(best.watch(record(10, 2, 0.1, 0.2)));
  EXPECT_FALSE(best.watch(record(15, 1, 0.9, 0.1)));
  EXPECT_EQ(best.evaluations_since_best(), 1);
  EXPECT_FALSE(best.watch(record(20, 1, 0.9, 0.2)));  // as good as the best is not better
  EXPECT_EQ(best.evaluations_since_best(), 2);
  ASSERT_TRUE(best.best());
  EXPECT_EQ(best.best()->value, 0.2);
  EXPECT_EQ(best.best()->epoch, 10);
  EXPECT_EQ(best.best()->step, 400);
  EXPECT_TRUE(best.watch(record(25, 1, 0.0, 0.3)));
  EXPECT_EQ(best.evaluations_since_best(), 0);
}

TEST(BestEpochTest, OfTheLossIsTheLowest) {
  BestEpoch best("loss", measured);
  EXPECT_TRUE(best.watch(record(1, 3, nan, nan)));
  EXPECT_TRUE(best.watch(record(2, 2, nan, nan)));
  EXPECT_FALSE(best.watch(record(3, 2.5, nan, nan)));
  EXPECT_EQ(best.best()->epoch, 2);
}

TEST(BestEpochTest, PassesOverEpochsThatWereNotEvaluated) {
  BestEpoch best("top-10", measured);
  EXPECT_TRUE(best.watch(record(1, 3, 0.5, nan)));
  EXPECT_FALSE(best.watch(record(2, 3, nan, 1)));
  EXPECT_EQ(best.evaluations_since_best(), 0);
}

TEST(BestEpochTest, WatchesNothingUnlessAsked) {
  BestEpoch best("", measured);
  EXPECT_FALSE(best.watch(record(1, 3, 0.5, 0.5)));
  EXPECT_FALSE(best.best());
}

TEST(BestEpochTest, RefusesWhatIsNotMeasured) {
  for (const std::string monitor : {"recall-20", "ndcg-10", "recall", "top_10"}) {
    try {
      BestEpoch best(monitor, measured);
      FAIL() << monitor << " was taken";
    } catch (const base::UsageError& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr("--monitor " + monitor + ": "),
                                      HasSubstr("one of loss, top-10, recall-10"), HasSubstr("--metrics")));
    }
  }
}

}  // namespace
}  // namespace gemel::run
