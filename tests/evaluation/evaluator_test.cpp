#include "gemel/evaluation/evaluator.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "gemel/evaluation/embedder.hpp"
#include "gemel/mpi/communicator.hpp"
#include "support/tiny_problem.hpp"

namespace gemel::evaluation {
namespace {

using namespace test::tiny;

/// Counts, for every example, the candidates that score higher than the true one, in doubles. Scores closer than a float can tell
/// must not occur but for the true item itself: `smallest_gap` is the least difference seen.
Accuracies naive(const model::TwoTower& model, const std::vector<std::int64_t>& top_k, double* smallest_gap) {
  const test::ReferenceModel reference = reference_of(model);
  const ingest::Examples examples = all_examples();
  const ingest::FeatureRows rows = catalogue();
  std::vector<double> hits(top_k.size(), 0.0);
  *smallest_gap = 1e9;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const test::Vector query = test::reference_forward(reference.query, examples.features, i).back();
    const auto score = [&](std::size_t item) {
      return test::dot(query, test::reference_forward(reference.candidate, rows, item).back());
    };
    const auto own = static_cast<std::size_t>(examples.items[i]);
    const double true_score = score(own);
    std::int64_t higher = 0;
    for (std::size_t item = 0; item < items; ++item) {
      if (item == own) continue;
      higher += score(item) > true_score ? 1 : 0;
      *smallest_gap = std::min(*smallest_gap, std::abs(score(item) - true_score));
    }
    for (std::size_t k = 0; k < top_k.size(); ++k) hits[k] += higher < top_k[k] ? 1 : 0;
  }
  Accuracies result;
  for (std::size_t k = 0; k < top_k.size(); ++k)
    result.emplace_back(top_k[k], hits[k] / static_cast<double>(total));
  return result;
}

struct Fixture {
  explicit Fixture(std::set<std::string> sharded = {}) : sharded_tables(std::move(sharded)) {}

  std::set<std::string> sharded_tables;
  mpi::Communicator world = mpi::Communicator::world();
  exchange::LaneTeam team{1};
  onednn::Runtime runtime{1};
  model::TwoTower model{
      query_features(), candidate_features(), {5, 4}, 5, {world.size(), world.rank(), sharded_tables}};
  ingest::FeatureRows rows = catalogue();
};

TEST(EvaluatorTest, AccuraciesAreThoseOfACountInDoubles) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const std::vector<std::int64_t> top_k = {1, 3, 5, 10, 100};  // 100: more than there are candidates
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(fixture.world.size(), fixture.world.rank(), numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows, top_k);
  EXPECT_EQ(evaluator.examples(), total);
  double smallest_gap = 0;
  const Accuracies truth = naive(fixture.model, top_k, &smallest_gap);
  EXPECT_GT(smallest_gap, 1e-6);
  EXPECT_GT(truth[0].second, 0.0);
  EXPECT_LT(truth[2].second, 1.0);
  for (int repetition = 0; repetition < 2; ++repetition) EXPECT_EQ(evaluator.evaluate(fixture.model), truth);
}

TEST(EvaluatorTest, ShardedTablesGiveTheSame) {
  Fixture replicated;
  Fixture sharded(all_tables());
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(replicated.world.size(), replicated.world.rank(), numbers);
  fill_with_weights(replicated.model);
  fill_with_weights(sharded.model);
  Evaluator of_replicated(replicated.world, replicated.team, replicated.runtime, own, replicated.rows,
                          {1, 3, 5});
  Evaluator of_sharded(sharded.world, sharded.team, sharded.runtime, own, sharded.rows, {1, 3, 5});
  EXPECT_EQ(of_sharded.evaluate(sharded.model), of_replicated.evaluate(replicated.model));
}

TEST(EvaluatorTest, WorksWhereOneRankHasAllExamples) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const bool last = fixture.world.rank() == fixture.world.size() - 1;
  std::vector<std::int64_t> numbers;
  const auto own = last ? all_examples() : examples_of_rank(1, 1, numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows, {1, 5});
  double smallest_gap = 0;
  EXPECT_EQ(evaluator.evaluate(fixture.model), naive(fixture.model, {1, 5}, &smallest_gap));
}

/// All candidates alike: none scores higher than the true one, so every example is a hit.
TEST(EvaluatorTest, EqualScoresAreNotHigher) {
  Fixture fixture;
  for (auto* table : fixture.model.tables())
    std::fill_n(table->weights().data(), table->weights().size(), 0.25F);
  // Lists without tokens have another vector than the others.
  for (std::size_t i = 0; i < fixture.rows.size(); ++i) fixture.rows.words[i * 2 + 1] = 1;
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(fixture.world.size(), fixture.world.rank(), numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows, {1, 5});
  EXPECT_EQ(evaluator.evaluate(fixture.model), (Accuracies{{1, 1.0}, {5, 1.0}}));
}

TEST(EmbedderTest, VectorsAreThoseOfTheReference) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const auto reference = reference_of(fixture.model);
  tensor::Matrix vectors(items - 4, 4);
  Embedder(fixture.world, fixture.team, fixture.runtime, fixture.model.candidate(), fixture.model.dense())
      .run(fixture.rows, 3, vectors.view());
  for (std::size_t row = 0; row < vectors.rows(); ++row) {
    const auto truth = test::reference_forward(reference.candidate, fixture.rows, row + 3).back();
    for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(vectors(row, i), truth[i], 1e-5);
  }
}

TEST(EmbedderTest, SoAreCosinesWithBiasesAndNothingIsDropped) {
  Fixture fixture;
  model::ModelOptions options;
  options.layers = {5, 4};
  options.normalize = true;
  options.dropout = options.candidate_dropout = 0.5F;
  auto features = candidate_features();
  features.push_back(feature(ingest::FeatureKind::bias, items, 1));
  model::TwoTower model(query_features(), features, options, 5);
  fill_with_weights(model);
  const auto reference = reference_of(model);
  const ingest::FeatureRows rows = catalogue_with_ids();
  tensor::Matrix vectors(items, 5);
  Embedder(fixture.world, fixture.team, fixture.runtime, model.candidate(), model.dense())
      .run(rows, 0, vectors.view());
  for (std::size_t row = 0; row < vectors.rows(); ++row) {
    const auto truth = test::reference_forward(reference.candidate, rows, row).back();
    ASSERT_EQ(truth.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(vectors(row, i), truth[i], 1e-5);
  }
}

}  // namespace
}  // namespace gemel::evaluation
