#include "learning/in_batch_softmax.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "model/architecture.hpp"
#include "support/lanes.hpp"
#include "support/losses.hpp"
#include "support/reference_model.hpp"

namespace gemel::learning {
namespace {

constexpr std::size_t dim = 6;
constexpr std::uint64_t seed = 9;

test::Vector row(const tensor::Matrix& matrix, std::size_t index) {
  const auto values = matrix.row(index);
  return {values.begin(), values.end()};
}

/// A batch of random vectors, with the columns that the options ask for.
struct Batch {
  std::vector<std::int32_t> items;
  std::vector<std::int32_t> drawn;
  std::vector<float> weights;  // of the examples; empty: all 1
  std::vector<std::int64_t> counts;
  std::vector<std::int32_t> users;  // of the examples
  test::ReferenceSeen seen;         // by their users
  std::optional<ingest::UserHistory> history;
  exchange::DistinctCandidates candidates;
  tensor::Matrix queries;
  tensor::Matrix vectors;  // one per column

  Batch(std::size_t size, std::size_t catalogue, float magnitude, const LossOptions& options = {})
      : counts(catalogue), candidates(catalogue), queries(size, dim) {
    for (std::size_t i = 0; i < size; ++i) {
      const float popularity = (test::number(1, i) + 1.0F) / 2.0F;
      items.push_back(static_cast<std::int32_t>(popularity * popularity * static_cast<float>(catalogue)));
    }
    for (std::size_t i = 0; i < catalogue; ++i)
      counts[i] =
          static_cast<std::int64_t>(i * i * i * i * 1000 + 1);  // shares below one in a million among them
    draw_history(catalogue);
    const Negatives negatives(options, counts, seed);
    negatives.draw(0, 0, drawn);
    if (negatives.are_catalogue()) {
      candidates.assign_all();
    } else {
      std::vector<std::int32_t> all = items;
      all.insert(all.end(), drawn.begin(), drawn.end());
      candidates.assign(all);
    }
    vectors.resize(candidates.columns(), dim);
    // Padding columns have vectors as well: a tower's answer to an input of zeros. They must not matter.
    for (std::size_t i = 0; i < vectors.size(); ++i) vectors.data()[i] = magnitude * test::number(2, i);
    for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = magnitude * test::number(3, i);
  }

  /// A few users, each of whom also has items that are not in the batch, and some items several times.
  void draw_history(std::size_t catalogue) {
    constexpr std::int32_t user_count = 7;
    std::vector<std::int32_t> all_items = items;
    for (std::size_t i = 0; i < items.size(); ++i)
      users.push_back(static_cast<std::int32_t>(i * i) % user_count);
    std::vector<std::int32_t> all_users = users;
    for (std::size_t i = 0; i < catalogue; ++i) {
      all_users.insert(all_users.end(), 2, static_cast<std::int32_t>(i) % user_count);
      all_items.insert(all_items.end(), 2, static_cast<std::int32_t>(i));
    }
    auto alone = mpi::Communicator::self();
    history.emplace(user_count, all_users, all_items, alone);
    for (const std::int32_t user : users) {
      std::set<std::int32_t>& of_user = seen.emplace_back();
      for (std::size_t i = 0; i < all_items.size(); ++i) {
        if (all_users[i] == user) of_user.insert(all_items[i]);
      }
    }
  }
};

void expect_close(const test::Vector& truth, std::span<const float> values, double tolerance,
                  const char* what) {
  for (std::size_t i = 0; i < truth.size(); ++i)
    EXPECT_NEAR(values[i], truth[i], tolerance) << what << " " << i;
}

double largest(const std::vector<test::Vector>& rows) {
  double result = 0.1;  // where all gradients are zero, an absolute tolerance must do
  for (const auto& values : rows) {
    for (const double value : values) result = std::max(result, std::abs(value));
  }
  return result;
}

void expect_loss(const Batch& batch, const LossOptions& options, const std::vector<std::size_t>& borders,
                 double tolerance = 1e-5) {
  const auto columns = test::reference_columns(batch.items, batch.drawn, batch.counts.size(), options);
  std::vector<test::Vector> queries, candidates;
  for (std::size_t i = 0; i < batch.items.size(); ++i) queries.push_back(row(batch.queries, i));
  for (const std::int32_t item : columns.items) {
    candidates.push_back(row(batch.vectors, batch.candidates.column_of(item)));
  }
  const auto truth =
      test::reference_softmax(queries, candidates, columns, options, batch.counts, batch.weights, batch.seen);
  std::vector<test::Vector> vector_truth(batch.vectors.rows(), test::Vector(dim, 0.0));
  for (std::size_t j = 0; j < columns.items.size(); ++j) {
    test::Vector& sum = vector_truth[batch.candidates.column_of(columns.items[j])];
    for (std::size_t k = 0; k < dim; ++k) sum[k] += truth.candidate_gradients[j][k];
  }

  model::DenseLayout layout;
  if (options.learned_temperature)
    layout.add(std::string(model::log_temperature), 1, 1, {.constant = std::log(options.temperature)});
  const model::DenseParameters dense(layout);
  InBatchSoftmax loss(options, batch.counts, seed, dense, &*batch.history);
  std::vector<float> dense_gradient(dense.size());
  double log_temperature_gradient = 0;
  const double batch_weight = batch.weights.empty()
                                  ? static_cast<double>(batch.items.size())
                                  : std::accumulate(batch.weights.begin(), batch.weights.end(), 0.0);
  loss.prepare(batch.candidates, batch_weight);
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  tensor::Matrix query_gradient(batch.items.size(), dim);
  std::vector<test::Vector> vector_sum(batch.vectors.rows(), test::Vector(dim, 0.0));
  double sum = 0;
  std::size_t first = 0;
  for (const std::size_t last : borders) {
    std::vector<std::int32_t> labels;
    for (std::size_t i = first; i < last; ++i) {
      labels.push_back(static_cast<std::int32_t>(batch.candidates.column_of(batch.items[i])));
    }
    tensor::Matrix lane_gradient(batch.vectors.rows(), dim);
    std::fill_n(lane_gradient.data(), lane_gradient.size(), NAN);  // to be overwritten, whole
    const std::span<const float> weights = batch.weights;
    const auto lane_queries = batch.queries.view().middle_rows(first, last - first);
    const auto lane_query_gradient = query_gradient.view().middle_rows(first, last - first);
    sum += loss.run({lane_queries, labels, weights.empty() ? weights : weights.subspan(first, last - first),
                     std::span(batch.users).subspan(first, last - first)},
                    batch.vectors.view(), lane_query_gradient, lane_gradient.view(), executor, scratch);
    loss.write_temperature_gradient(lane_queries, lane_query_gradient, dense_gradient);
    if (!dense_gradient.empty()) log_temperature_gradient += static_cast<double>(dense_gradient[0]);
    for (std::size_t j = 0; j < vector_sum.size(); ++j) {
      for (std::size_t k = 0; k < dim; ++k) vector_sum[j][k] += static_cast<double>(lane_gradient(j, k));
    }
    first = last;
  }
  EXPECT_NEAR(sum, truth.loss, tolerance * std::abs(truth.loss));
  if (options.learned_temperature) {
    EXPECT_NEAR(log_temperature_gradient, truth.log_temperature_gradient,
                tolerance * std::abs(truth.log_temperature_gradient));
  }
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    expect_close(truth.query_gradients[i], query_gradient.row(i), tolerance * largest(truth.query_gradients),
                 "query");
  }
  for (std::size_t j = 0; j < vector_sum.size(); ++j) {
    const std::vector<float> values(vector_sum[j].begin(), vector_sum[j].end());
    expect_close(vector_truth[j], values, tolerance * largest(vector_truth), "candidate");
  }
}

const std::vector<LossOptions> all_options = {
    {1.0F, false, false}, {0.5F, false, false}, {1.0F, true, false}, {1.0F, false, true}, {0.5F, true, true}};

TEST(InBatchSoftmaxTest, EqualsTheSoftmaxWithOneColumnForEachExample) {
  const Batch batch(50, 37, 1.0F);
  ASSERT_LT(batch.candidates.distinct(), 37U);
  ASSERT_GT(batch.candidates.columns(), batch.candidates.distinct());
  for (const LossOptions& options : all_options) expect_loss(batch, options, {50});
}

TEST(InBatchSoftmaxTest, LanesAddUpToTheBatchAlsoEmptyOnes) {
  const Batch batch(50, 37, 1.0F);
  for (const LossOptions& options : all_options) expect_loss(batch, options, {0, 7, 20, 20, 49, 50});
}

TEST(InBatchSoftmaxTest, SeveralBlocksOfRowsAddUp) {
  const Batch batch(600, 70, 1.0F);
  ASSERT_LT(InBatchSoftmax::block_rows(batch.candidates.columns()) * 2, 600U);
  for (const LossOptions& options : all_options) expect_loss(batch, options, {600});
}

TEST(InBatchSoftmaxTest, EveryOtherOptionEqualsTheSoftmaxWithOneColumnForEachExample) {
  for (const LossOptions& options : test::more_losses()) {
    expect_loss(Batch(50, 37, 1.0F, options), options, {50});
    expect_loss(Batch(50, 37, 1.0F, options), options, {0, 7, 20, 20, 49, 50});
    expect_loss(Batch(600, 70, 1.0F, options), options, {600});
  }
}

TEST(InBatchSoftmaxTest, MultipliesLossesByTheWeightsOfTheExamples) {
  std::vector<LossOptions> all = test::more_losses();
  all.push_back({});
  for (const LossOptions& options : all) {
    Batch batch(50, 37, 1.0F, options);
    for (std::size_t i = 0; i < batch.items.size(); ++i)
      batch.weights.push_back(static_cast<float>(i % 4) / 2);
    expect_loss(batch, options, {50});
    expect_loss(batch, options, {0, 7, 20, 20, 49, 50});
  }
}

TEST(InBatchSoftmaxTest, AsManyHardNegativesAsThereAreLeaveAll) {
  Batch batch(50, 37, 1.0F);
  LossOptions options;
  for (const std::size_t others : {batch.candidates.distinct() - 1, batch.candidates.distinct() + 100}) {
    options.hard_negatives = static_cast<std::int64_t>(others);
    expect_loss(batch, options, {50});
    batch.queries.data()[0] += 1;
  }
}

/// Two columns of the same vector: the first one is kept.
TEST(InBatchSoftmaxTest, OfEqualHardNegativesTheFirstColumnsStay) {
  const std::vector<std::int32_t> items = {0, 1, 2, 3};
  const std::vector<std::int64_t> counts(4, 1);
  exchange::DistinctCandidates candidates(4);
  candidates.assign(items);
  tensor::Matrix vectors(candidates.columns(), 1), queries(1, 1), query_gradient(1, 1);
  tensor::Matrix gradient(candidates.columns(), 1);
  std::fill_n(vectors.data(), vectors.size(), 0.0F);
  queries.data()[0] = 1;
  vectors(1, 0) = vectors(2, 0) = vectors(3, 0) = 0.5F;
  LossOptions options;
  options.hard_negatives = 2;
  model::DenseParameters dense;
  InBatchSoftmax loss(options, counts, seed, dense);
  loss.prepare(candidates, 1);
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  const std::vector<std::int32_t> label = {0};
  const double sum = loss.run({queries.view(), label}, vectors.view(), query_gradient.view(), gradient.view(),
                              executor, scratch);
  EXPECT_NEAR(sum, std::log(1 + 2 * std::exp(0.5)), 1e-6);
  EXPECT_GT(gradient(1, 0), 0.1F);
  EXPECT_EQ(gradient(1, 0), gradient(2, 0));
  EXPECT_EQ(gradient(3, 0), 0.0F);
}

/// Vectors of one number: the logit of a column is the number of its item.
class MaskedSoftmax : public testing::Test {
 protected:
  static constexpr std::size_t catalogue = 6;

  MaskedSoftmax() : candidates(catalogue), queries(1, 1), query_gradient(1, 1) { queries.data()[0] = 1; }

  /// The loss of one example of user 0, who has `seen`; its batch's other examples are `others`. Item i has the logit i.
  double loss_of(std::int32_t item, const std::vector<std::int32_t>& others,
                 const std::vector<std::int32_t>& seen, LossOptions options = {}) {
    const std::vector<std::int64_t> counts(catalogue, 1);
    std::vector<std::int32_t> items = others;
    items.push_back(item);
    candidates.assign(items);
    vectors.resize(candidates.columns(), 1);
    for (std::size_t column = 0; column < vectors.rows(); ++column)
      vectors(column, 0) = static_cast<float>(candidates.rows()[column]);
    gradient.resize(candidates.columns(), 1);
    auto alone = mpi::Communicator::self();
    const std::vector<std::int32_t> users(seen.size(), 0);
    const ingest::UserHistory history(1, users, seen, alone);
    options.mask_seen = true;
    InBatchSoftmax loss(options, counts, seed, dense, &history);
    // Another batch before, where item 4 had the second column, must leave nothing behind.
    exchange::DistinctCandidates before(catalogue);
    before.assign(std::vector<std::int32_t>{0, 4});
    loss.prepare(before, 1);
    loss.prepare(candidates, 1);
    const std::vector<std::int32_t> label = {static_cast<std::int32_t>(candidates.column_of(item))};
    const std::vector<std::int32_t> user = {0};
    return loss.run({queries.view(), label, {}, user}, vectors.view(), query_gradient.view(), gradient.view(),
                    executor, scratch);
  }

  /// The share of an item's column in the gradient.
  float gradient_of(std::int32_t item) { return gradient(candidates.column_of(item), 0); }

  exchange::DistinctCandidates candidates;
  model::DenseParameters dense;
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  tensor::Matrix vectors, queries, query_gradient, gradient;
};

TEST_F(MaskedSoftmax, LeavesOutTheOtherItemsOfTheUser) {
  // Of the items 1, 2, 3, 3 and 5 the user has 1 (his label), 3 and, elsewhere, 4 and 0.
  EXPECT_NEAR(loss_of(1, {2, 3, 3, 5}, {0, 1, 3, 4}), std::log(std::exp(1) + std::exp(2) + std::exp(5)) - 1,
              1e-5);
  const double sum = std::exp(1) + std::exp(2) + std::exp(5);
  EXPECT_NEAR(gradient_of(1), std::exp(1) / sum - 1, 1e-5);
  EXPECT_NEAR(gradient_of(2), std::exp(2) / sum, 1e-5);
  EXPECT_EQ(gradient_of(3), 0.0F);
  EXPECT_NEAR(gradient_of(5), std::exp(5) / sum, 1e-5);
  EXPECT_NEAR(query_gradient(0, 0), (std::exp(1) + 2 * std::exp(2) + 5 * std::exp(5)) / sum - 1, 1e-5);
}

TEST_F(MaskedSoftmax, KeepsTheOwnItemAsOftenAsItIsThere) {
  EXPECT_NEAR(loss_of(3, {3, 3, 5}, {3, 5}), std::log(3), 1e-6);
  LossOptions options;
  options.remove_accidental_hits = true;
  EXPECT_NEAR(loss_of(3, {3, 3, 5}, {3, 5}, options), 0, 1e-6);
}

TEST_F(MaskedSoftmax, ARowWithoutNegativesHasNoLoss) {
  for (const std::int64_t hard_negatives : {0, 2}) {
    LossOptions options;
    options.hard_negatives = hard_negatives;
    options.label_smoothing = 0.5F;
    EXPECT_NEAR(loss_of(1, {2, 4, 4, 5}, {1, 2, 4, 5}, options), 0, 1e-6);
    for (const std::int32_t item : {1, 2, 4, 5}) EXPECT_NEAR(gradient_of(item), 0, 1e-6);
    EXPECT_NEAR(query_gradient(0, 0), 0, 1e-6);
  }
}

TEST_F(MaskedSoftmax, TheHardestAreThoseOfTheItemsThatAreLeft) {
  LossOptions options;
  options.hard_negatives = 1;
  EXPECT_NEAR(loss_of(1, {2, 3, 5}, {1, 5}, options), std::log(std::exp(1) + std::exp(3)) - 1, 1e-5);
}

TEST_F(MaskedSoftmax, SmoothsOverTheItemsThatAreLeft) {
  LossOptions options;
  options.label_smoothing = 0.5F;
  // The mean of 1 and 2, 2: 5 / 3.
  EXPECT_NEAR(loss_of(1, {2, 2, 5}, {1, 5}, options),
              std::log(std::exp(1) + 2 * std::exp(2)) - 0.5 * 1 - 0.5 * 5 / 3, 1e-5);
}

TEST(InBatchSoftmaxTest, NumbersThatAreNotFiniteMakeTheLossOfHardNegativesNaN) {
  LossOptions options;
  options.hard_negatives = 2;
  Batch batch(40, 30, 1.0F);
  model::DenseParameters dense;
  InBatchSoftmax loss(options, batch.counts, seed, dense);
  loss.prepare(batch.candidates, 40);
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  tensor::Matrix query_gradient(40, dim), vector_gradient(batch.vectors.rows(), dim);
  std::fill_n(batch.vectors.data(), batch.vectors.size(), std::numeric_limits<float>::quiet_NaN());
  const std::vector<std::int32_t> labels(40, 0);
  EXPECT_TRUE(std::isnan(loss.run({batch.queries.view(), labels}, batch.vectors.view(), query_gradient.view(),
                                  vector_gradient.view(), executor, scratch)));
}

TEST(InBatchSoftmaxTest, LargeLogitsDoNotOverflow) {
  const Batch batch(40, 30, 12.0F);  // logits of hundreds
  expect_loss(batch, {}, {40}, 1e-4);
  expect_loss(batch, {0.5F, true, true}, {40}, 1e-4);
}

TEST(InBatchSoftmaxTest, BatchOfOneItemHasNoLossOnceHitsAreRemoved) {
  Batch batch(9, 12, 1.0F);
  std::fill(batch.items.begin(), batch.items.end(), 5);
  batch.candidates.assign(batch.items);
  expect_loss(batch, {}, {9});  // 9 log 9
  model::DenseParameters dense;
  InBatchSoftmax loss({1.0F, false, true}, batch.counts, seed, dense);
  loss.prepare(batch.candidates, 9);
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  tensor::Matrix query_gradient(9, dim), vector_gradient(32, dim);
  const std::vector<std::int32_t> labels(9, 0);
  EXPECT_NEAR(loss.run({batch.queries.view(), labels}, batch.vectors.view().middle_rows(0, 32),
                       query_gradient.view(), vector_gradient.view(), executor, scratch),
              0.0, 1e-5);
}

}  // namespace
}  // namespace gemel::learning
