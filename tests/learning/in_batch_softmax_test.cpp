#include "gemel/learning/in_batch_softmax.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/lanes.hpp"
#include "support/reference_model.hpp"

namespace gemel::learning {
namespace {

constexpr std::size_t dim = 6;

test::Vector row(const tensor::Matrix& matrix, std::size_t index) {
  const auto values = matrix.row(index);
  return {values.begin(), values.end()};
}

/// A batch of random vectors, split into lanes that end at `borders`.
struct Batch {
  std::vector<std::int32_t> items;
  std::vector<std::int64_t> counts;
  exchange::DistinctCandidates candidates;
  tensor::Matrix queries;
  tensor::Matrix vectors;  // one per column

  Batch(std::size_t size, std::size_t catalogue, float magnitude)
      : counts(catalogue), candidates(catalogue), queries(size, dim) {
    for (std::size_t i = 0; i < size; ++i) {
      const float popularity = (test::number(1, i) + 1.0F) / 2.0F;
      items.push_back(static_cast<std::int32_t>(popularity * popularity * static_cast<float>(catalogue)));
    }
    for (std::size_t i = 0; i < catalogue; ++i)
      counts[i] = static_cast<std::int64_t>(i * i * 1000);  // share 0 among them
    candidates.assign(items);
    vectors.resize(candidates.columns(), dim);
    // Padding columns have vectors as well: a tower's answer to an input of zeros. They must not matter.
    for (std::size_t i = 0; i < vectors.size(); ++i) vectors.data()[i] = magnitude * test::number(2, i);
    for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = magnitude * test::number(3, i);
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
  std::vector<test::Vector> queries, candidates;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    queries.push_back(row(batch.queries, i));
    candidates.push_back(row(batch.vectors, batch.candidates.column_of(batch.items[i])));
  }
  const auto truth = test::reference_softmax(queries, candidates, batch.items, options, batch.counts);
  std::vector<test::Vector> vector_truth(batch.vectors.rows(), test::Vector(dim, 0.0));
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    test::Vector& sum = vector_truth[batch.candidates.column_of(batch.items[i])];
    for (std::size_t k = 0; k < dim; ++k) sum[k] += truth.candidate_gradients[i][k];
  }

  InBatchSoftmax loss(options, batch.counts);
  loss.prepare(batch.candidates);
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
    sum += loss.run(batch.queries.view().middle_rows(first, last - first), labels, batch.vectors.view(),
                    query_gradient.view().middle_rows(first, last - first), lane_gradient.view(), executor,
                    scratch);
    for (std::size_t j = 0; j < vector_sum.size(); ++j) {
      for (std::size_t k = 0; k < dim; ++k) vector_sum[j][k] += static_cast<double>(lane_gradient(j, k));
    }
    first = last;
  }
  EXPECT_NEAR(sum, truth.loss, tolerance * std::abs(truth.loss));
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
  InBatchSoftmax loss({1.0F, false, true}, batch.counts);
  loss.prepare(batch.candidates);
  onednn::Executor executor;
  InBatchSoftmax::Scratch scratch;
  tensor::Matrix query_gradient(9, dim), vector_gradient(32, dim);
  const std::vector<std::int32_t> labels(9, 0);
  EXPECT_NEAR(loss.run(batch.queries.view(), labels, batch.vectors.view().middle_rows(0, 32),
                       query_gradient.view(), vector_gradient.view(), executor, scratch),
              0.0, 1e-5);
}

}  // namespace
}  // namespace gemel::learning
