#include "learning/negatives.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "learning/loss_columns.hpp"

namespace gemel::learning {
namespace {

const std::vector<std::int64_t> counts = {0, 1, 100, 16, 0, 81, 0};

LossOptions popularity(float power, std::int64_t draws) {
  return {.extra_negatives = draws,
          .negative_distribution = NegativeDistribution::popularity,
          .negative_power = power};
}

std::vector<std::int32_t> drawn(const Negatives& negatives, std::int64_t epoch, std::int64_t batch) {
  std::vector<std::int32_t> items = {99};
  negatives.draw(epoch, batch, items);
  return items;
}

TEST(NegativesTest, AreAFunctionOfSeedEpochAndBatch) {
  const LossOptions options = popularity(0.5F, 200);
  const Negatives negatives(options, counts, 1);
  std::set<std::vector<std::int32_t>> all;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    for (std::int64_t batch = 0; batch < 3; ++batch) all.insert(drawn(negatives, epoch, batch));
  }
  all.insert(drawn(Negatives(options, counts, 2), 0, 0));
  EXPECT_EQ(all.size(), 10U);
  EXPECT_EQ(drawn(Negatives(options, counts, 1), 2, 1), drawn(negatives, 2, 1));
}

TEST(NegativesTest, AreNoneUnlessTheyAreAskedFor) {
  EXPECT_TRUE(drawn(Negatives({}, counts, 1), 0, 0).empty());
  EXPECT_FALSE(Negatives({}, counts, 1).are_catalogue());
  EXPECT_TRUE(Negatives({.negatives = NegativeSource::catalogue}, counts, 1).are_catalogue());
}

/// Each item as often as `truth` says, within five standard deviations.
void expect_distribution(const LossOptions& options, const std::vector<double>& truth) {
  const Negatives negatives(options, counts, 1);
  constexpr std::int64_t batches = 20;
  std::vector<double> found(counts.size(), 0.0);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    for (const std::int32_t item : drawn(negatives, 0, batch)) found.at(static_cast<std::size_t>(item)) += 1;
  }
  const auto n = static_cast<double>(batches * options.extra_negatives);
  for (std::size_t item = 0; item < counts.size(); ++item) {
    EXPECT_NEAR(negatives.probability(item), truth[item], 1e-12);
    EXPECT_NEAR(found[item], n * truth[item], 5 * std::sqrt(n * truth[item] * (1 - truth[item])));
  }
}

TEST(NegativesTest, AreDrawnUniformly) {
  LossOptions options;
  options.extra_negatives = 5000;
  expect_distribution(options, std::vector<double>(7, 1.0 / 7));
}
TEST(NegativesTest, AreDrawnByPopularity) {
  expect_distribution(popularity(1.0F, 5000), {0, 1 / 198.0, 100 / 198.0, 16 / 198.0, 0, 81 / 198.0, 0});
}
TEST(NegativesTest, AreDrawnByAPowerOfPopularity) {
  expect_distribution(popularity(0.5F, 5000), {0, 1 / 24.0, 10 / 24.0, 4 / 24.0, 0, 9 / 24.0, 0});
  expect_distribution(popularity(0.0F, 5000), std::vector<double>(7, 1.0 / 7));
}

/// Two examples of item 2, one of item 5, and draws of items 1, 2 and 3.
TEST(LossColumnsTest, AddTheMultiplicityAndTheShareInTheMixture) {
  LossOptions options = popularity(0.5F, 3);
  options.logq_correction = true;
  options.logq_strength = 0.5F;
  exchange::DistinctCandidates candidates(counts.size());
  candidates.assign(std::vector<std::int32_t>{2, 5, 2, 3, 2, 1});
  const Negatives negatives(options, counts, 1);
  LossColumns columns(options, counts, negatives);
  columns.assign(candidates, negatives);
  const auto share = [](double examples, double draws) { return 0.5 * examples / 198 + 0.5 * draws / 24; };
  const double multiplicities[] = {1, 3, 1, 1};
  const double shares[] = {share(1, 1), share(100, 10), share(16, 4), share(81, 9)};
  for (std::size_t column = 0; column < 4; ++column) {
    EXPECT_NEAR(columns.bias()[column], std::log(multiplicities[column]) - 0.5 * std::log(shares[column]),
                1e-6);
    EXPECT_EQ(columns.multiplicities()[column], multiplicities[column]);
    EXPECT_NEAR(columns.log_multiplicities()[column], std::log(multiplicities[column]), 1e-6);
  }
  EXPECT_EQ(columns.bias()[4], -INFINITY);
  EXPECT_EQ(columns.multiplicities()[4], 0);
}

/// In a catalogue of millions most items have shares below one in a million, and these differ.
TEST(LossColumnsTest, RareItemsHaveTheirExactShares) {
  LossOptions options;
  options.logq_correction = true;
  const std::vector<std::int64_t> of_items = {0, 1, 2, 3'000'000'000};
  const double all = 3'000'000'003.0;
  exchange::DistinctCandidates candidates(of_items.size());
  candidates.assign(std::vector<std::int32_t>{0, 1, 2, 3});
  const Negatives negatives(options, of_items, 1);
  LossColumns columns(options, of_items, negatives);
  columns.assign(candidates, negatives);
  EXPECT_EQ(columns.bias()[0], 0.0F) << "of an item that no example has there is nothing to correct";
  EXPECT_NEAR(columns.bias()[1], -std::log(1 / all), 1e-5);
  EXPECT_NEAR(columns.bias()[2], -std::log(2 / all), 1e-5);
  EXPECT_NEAR(columns.bias()[3], 3 / all, 1e-6);
}

}  // namespace
}  // namespace gemel::learning
