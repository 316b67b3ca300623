#include "evaluation/metric.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "evaluation/user_queries.hpp"

namespace gemel::evaluation {
namespace {

using enum MetricKind;

TEST(MetricTest, HasANameAndAKey) {
  EXPECT_EQ((Metric{accuracy, 100}).name(), "top-100");
  EXPECT_EQ((Metric{accuracy, 100}).key(), "top_100");
  EXPECT_EQ((Metric{hit_rate, 5}).name(), "hit-rate-5");
  EXPECT_EQ((Metric{hit_rate, 5}).key(), "hit_rate_5");
  EXPECT_EQ((Metric{ndcg, 20}).name(), "ndcg-20");
}

TEST(MetricTest, AreOrderedByKindThenByKAndMrrHasTheLongestListOnly) {
  EXPECT_EQ(make_metrics({mrr, recall, accuracy}, {1, 10}),
            (std::vector<Metric>{{accuracy, 1}, {accuracy, 10}, {recall, 1}, {recall, 10}, {mrr, 10}}));
}

TEST(MetricTest, ATieIsAHitByItsChance) {
  EXPECT_EQ(expected_hit(1, 0, 0), 1.0);
  EXPECT_EQ(expected_hit(1, 1, 0), 0.0);
  EXPECT_EQ(expected_hit(10, 9, 0), 1.0);
  EXPECT_EQ(expected_hit(10, 10, 5), 0.0);
  EXPECT_EQ(expected_hit(1, 0, 3), 0.25);  // one of four is first
  EXPECT_EQ(expected_hit(10, 8, 3), 0.5);  // two of four are among the first ten
  EXPECT_EQ(expected_hit(10, 6, 3), 1.0);  // all four are
  EXPECT_EQ(expected_hit(100, 0, 1681), 100.0 / 1682);
}

// Three of a user's four test items are in his list of ten: at the places 1, 3 and 8.
TEST(MetricTest, ByHandWithHitsAtOneThreeAndEight) {
  const std::vector<std::int64_t> places = {1, 3, 8};
  EXPECT_DOUBLE_EQ(user_metric({recall, 1}, places, 4), 0.25);
  EXPECT_DOUBLE_EQ(user_metric({recall, 2}, places, 4), 0.25);
  EXPECT_DOUBLE_EQ(user_metric({recall, 3}, places, 4), 0.5);
  EXPECT_DOUBLE_EQ(user_metric({recall, 10}, places, 4), 0.75);
  // 1/log2(2) = 1, 1/log2(3) = 0.6309297535714575, 1/log2(4) = 0.5, 1/log2(5) = 0.43067655807339306, 1/log2(9) = 0.31546487678572877
  EXPECT_DOUBLE_EQ(user_metric({ndcg, 1}, places, 4), 1.0);
  EXPECT_NEAR(user_metric({ndcg, 2}, places, 4), 1 / 1.6309297535714575, 1e-14);
  EXPECT_NEAR(user_metric({ndcg, 3}, places, 4), 1.5 / 2.1309297535714573, 1e-14);
  EXPECT_NEAR(user_metric({ndcg, 10}, places, 4), 1.8154648767857288 / 2.5616063116448504, 1e-14);
  EXPECT_EQ(user_metric({hit_rate, 1}, places, 4), 1.0);
  EXPECT_EQ(user_metric({mrr, 10}, places, 4), 1.0);
}

TEST(MetricTest, ByHandWithOneLateHit) {
  EXPECT_EQ(user_metric({recall, 3}, {4}, 1), 0.0);
  EXPECT_EQ(user_metric({recall, 4}, {4}, 1), 1.0);
  EXPECT_EQ(user_metric({ndcg, 3}, {4}, 1), 0.0);
  EXPECT_NEAR(user_metric({ndcg, 4}, {4}, 1), 0.43067655807339306, 1e-15);
  EXPECT_EQ(user_metric({hit_rate, 3}, {4}, 1), 0.0);
  EXPECT_EQ(user_metric({hit_rate, 4}, {4}, 1), 1.0);
  EXPECT_EQ(user_metric({mrr, 3}, {4}, 1), 0.0);
  EXPECT_EQ(user_metric({mrr, 4}, {4}, 1), 0.25);
}

// More test items than places: the recall cannot be 1, the NDCG can.
TEST(MetricTest, ByHandWithMoreTestItemsThanK) {
  EXPECT_EQ(user_metric({recall, 2}, {1, 2}, 5), 0.4);
  EXPECT_EQ(user_metric({ndcg, 2}, {1, 2}, 5), 1.0);
}

TEST(MetricTest, ByHandWithoutHits) {
  for (const MetricKind kind : {recall, ndcg, hit_rate, mrr}) EXPECT_EQ(user_metric({kind, 9}, {}, 2), 0.0);
}

TEST(MetricTest, OfAllUsersAreNoMetricOfOne) {
  EXPECT_THROW(user_metric({coverage, 3}, {}, 1), base::InternalError);
}

// Two users on rank 0, with the test items {2, 4} and {0}; a catalogue of 6.
TEST(UserMetricsTest, ByHand) {
  auto world = mpi::Communicator::world();
  const bool has_them = world.is_root();
  const std::vector<std::int32_t> users =
      has_them ? std::vector<std::int32_t>{0, 1, 0} : std::vector<std::int32_t>{};
  const std::vector<std::int32_t> items =
      has_them ? std::vector<std::int32_t>{4, 0, 2} : std::vector<std::int32_t>{};
  const ingest::UserHistory relevant(2, users, items, world);
  const auto metrics = make_metrics({accuracy, recall, hit_rate, mrr, coverage}, {1, 3});
  UserMetrics sums(metrics, relevant, 6);
  if (has_them) {
    const std::vector<tensor::ScoredRow> first = {tensor::scored_row(9, 1), tensor::scored_row(8, 2),
                                                  tensor::scored_row(7, 4)};
    const std::vector<tensor::ScoredRow> second = {tensor::scored_row(9, 1), tensor::scored_row(8, 5),
                                                   tensor::scored_row(7, 0)};
    sums.add(0, first);
    sums.add(1, second);
  }
  EXPECT_EQ(sums.values(world), (MetricValues{{{recall, 1}, 0.0},
                                              {{recall, 3}, 1.0},
                                              {{hit_rate, 1}, 0.0},
                                              {{hit_rate, 3}, 1.0},
                                              {{mrr, 3}, (1.0 / 2 + 1.0 / 3) / 2},
                                              {{coverage, 1}, 1.0 / 6},
                                              {{coverage, 3}, 5.0 / 6}}));
}

}  // namespace
}  // namespace gemel::evaluation
