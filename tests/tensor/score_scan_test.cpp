#include "tensor/score_scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/lanes.hpp"

namespace gemel::tensor {
namespace {

TEST(ScoredRowTest, OrdersByScoreThenByTheSmallerRow) {
  const std::vector<float> ascending = {-INFINITY, -3e38F, -1.0F, -1e-40F, 0.0F,
                                        1e-40F,    0.5F,   7.0F,  INFINITY};
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    EXPECT_LT(scored_row(ascending[i], 3), scored_row(ascending[i + 1], 900)) << ascending[i];
    EXPECT_GT(scored_row(ascending[i], 3), scored_row(ascending[i], 4));
  }
  EXPECT_EQ(scored_row(-0.0F, 8), scored_row(0.0F, 8));
}

TEST(ScoredRowTest, GivesBackScoreAndRow) {
  for (const float score : {-INFINITY, -2.5F, 0.0F, 1e-40F, 3e38F}) {
    for (const std::uint32_t row : {0U, 1U, 0x7fffffffU, 0xffffffffU}) {
      EXPECT_EQ(score_of(scored_row(score, row)), score);
      EXPECT_EQ(row_of(scored_row(score, row)), row);
    }
  }
}

/// At every length of a vector and its rest.
TEST(CompareScoresTest, CountsHigherAndEqualOnes) {
  for (std::size_t size = 0; size < 200; size += 7) {
    std::vector<float> scores;
    Standing expected;
    for (std::size_t i = 0; i < size; ++i) {
      scores.push_back(static_cast<float>(i * 5 % 7) - 3.0F);
      expected.higher += scores.back() > 1.0F ? 1 : 0;
      expected.equal += scores.back() == 1.0F ? 1 : 0;
    }
    EXPECT_EQ(compare_scores(scores, 1.0F), expected) << size;
  }
}

TEST(CompareScoresTest, WhatIsNotANumberCountsAsHigher) {
  EXPECT_EQ(compare_scores(std::vector<float>{NAN, -INFINITY, INFINITY, 1, -NAN}, 1.0F), (Standing{3, 1}));
  EXPECT_EQ(compare_scores(std::vector<float>(70, NAN), -1.0F), (Standing{70, 0}));
  EXPECT_EQ(compare_scores(std::vector<float>{-0.0F, 0.0F}, 0.0F), (Standing{0, 2}));
}

struct Best {
  float score;
  std::uint32_t row;
};

std::vector<Best> by_sorting(const std::vector<float>& scores, std::size_t k) {
  std::vector<Best> all;
  for (std::size_t i = 0; i < scores.size(); ++i) all.push_back({scores[i], static_cast<std::uint32_t>(i)});
  std::stable_sort(all.begin(), all.end(), [](const Best& a, const Best& b) { return a.score > b.score; });
  all.resize(std::min(k, all.size()));
  return all;
}

void expect_best(const std::vector<float>& scores, std::size_t k, std::size_t piece) {
  BestRows best(k);
  for (int repetition = 0; repetition < 2; ++repetition) {  // the second one begins anew
    for (std::size_t first = 0; first < scores.size(); first += piece) {
      best.scan(std::span(scores).subspan(first, std::min(piece, scores.size() - first)),
                static_cast<std::uint32_t>(first));
    }
    const auto truth = by_sorting(scores, k);
    std::vector<ScoredRow> found(k);
    ASSERT_EQ(best.take(found), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      EXPECT_EQ(score_of(found[i]), truth[i].score);
      EXPECT_EQ(row_of(found[i]), truth[i].row);
    }
  }
}

TEST(BestRowsTest, KeepsTheBest) {
  for (const std::size_t count : {1U, 5U, 63U, 64U, 65U, 500U, 3000U}) {
    for (const std::uint32_t values : {1U, 3U, 40U, 1000000U}) {  // few values: many ties
      std::vector<float> scores;
      for (std::size_t i = 0; i < count; ++i) {
        scores.push_back(std::floor(test::number(values, i) * static_cast<float>(values)));
      }
      for (const std::size_t k : {1U, 2U, 10U, 100U, 1500U, 5000U}) {
        expect_best(scores, k, count);
        expect_best(scores, k, 100);
      }
    }
  }
}

TEST(BestRowsTest, KeepsTheBestOfAscendingAndDescendingScores) {
  std::vector<float> ascending;
  for (int i = 0; i < 1000; ++i) ascending.push_back(static_cast<float>(i) - 500);
  expect_best(ascending, 7, 64);
  std::reverse(ascending.begin(), ascending.end());
  expect_best(ascending, 7, 64);
}

/// As where everything is equal, but for some that are better.
TEST(BestRowsTest, KeepsTheFirstRowsOfATie) {
  std::vector<float> scores(3000, 1.0F);
  for (std::size_t i = 500; i < scores.size(); i += 100) scores[i] = 2.0F;
  for (const std::size_t k : {1U, 10U, 40U, 700U}) expect_best(scores, k, 512);
}

/// The k-th best of the first scores is no threshold where fewer than k of them count.
TEST(BestRowsTest, LeavesOutMinusInfinity) {
  std::vector<float> scores(600, -INFINITY);
  for (std::size_t i = 0; i < scores.size(); i += 50) scores[i] = -static_cast<float>(i);
  for (const std::size_t piece : {100U, 600U}) {
    BestRows best(20);
    for (std::size_t first = 0; first < scores.size(); first += piece)
      best.scan(std::span(scores).subspan(first, piece), static_cast<std::uint32_t>(first));
    std::vector<ScoredRow> found(20);
    ASSERT_EQ(best.take(found), 12U);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(row_of(found[i]), 50 * i);
  }
}

TEST(BestRowsTest, WhatIsNotANumberIsSeenFirst) {
  for (const float wrong : {NAN, -NAN}) {
    for (const std::size_t place : {0U, 40U, 700U, 999U}) {
      std::vector<float> scores;
      for (int i = 0; i < 1000; ++i) scores.push_back(static_cast<float>(i * 7 % 1000));
      scores[place] = wrong;
      BestRows best(10);
      best.scan(scores, 0);
      std::vector<ScoredRow> found(10);
      ASSERT_EQ(best.take(found), 10U);
      EXPECT_EQ(row_of(found[0]), place);
      EXPECT_TRUE(std::isnan(score_of(found[0])));
    }
  }
}

}  // namespace
}  // namespace gemel::tensor
