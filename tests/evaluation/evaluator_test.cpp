#include "evaluation/evaluator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "evaluation/embedder.hpp"
#include "evaluation/row_embedder.hpp"
#include "mpi/communicator.hpp"
#include "support/tiny_problem.hpp"

namespace gemel::evaluation {
namespace {

using namespace test::tiny;

/// Counts, for every example, the candidates that score higher than the true one, in doubles. Scores closer than a float can tell
/// must not occur but for the true item itself: `smallest_gap` is the least difference seen.
MetricValues naive(const model::TwoTower& model, const std::vector<std::int64_t>& top_k,
                   double* smallest_gap) {
  const test::ReferenceModel reference = reference_of(model);
  const features::Examples examples = all_examples();
  const features::FeatureRows rows = catalogue();
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
  MetricValues result;
  for (std::size_t k = 0; k < top_k.size(); ++k)
    result.emplace_back(Metric{MetricKind::accuracy, top_k[k]}, hits[k] / static_cast<double>(total));
  return result;
}

std::vector<Metric> accuracies(const std::vector<std::int64_t>& top_k) {
  return make_metrics({MetricKind::accuracy}, top_k);
}

struct Fixture {
  explicit Fixture(std::set<std::string> sharded = {}) : sharded_tables(std::move(sharded)) {}

  std::set<std::string> sharded_tables;
  mpi::Communicator world = mpi::Communicator::world();
  base::ThreadTeam team{1};
  onednn::Runtime runtime{1};
  model::TwoTower model{query_features(),
                        candidate_features(),
                        {.layers = {5, 4}},
                        5,
                        {world.size(), world.rank(), sharded_tables}};
  features::FeatureRows rows = catalogue();
};

TEST(EvaluatorTest, AccuraciesAreThoseOfACountInDoubles) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const std::vector<std::int64_t> top_k = {1, 3, 5, 10, 100};  // 100: more than there are candidates
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(fixture.world.size(), fixture.world.rank(), numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows.size(),
                      accuracies(top_k));
  EXPECT_EQ(evaluator.examples(), total);
  double smallest_gap = 0;
  const MetricValues truth = naive(fixture.model, top_k, &smallest_gap);
  EXPECT_GT(smallest_gap, 1e-6);
  EXPECT_GT(truth[0].second, 0.0);
  EXPECT_LT(truth[2].second, 1.0);
  for (int repetition = 0; repetition < 2; ++repetition)
    EXPECT_EQ(evaluator.evaluate(fixture.model, fixture.rows), truth);
}

TEST(EvaluatorTest, ShardedTablesGiveTheSame) {
  Fixture replicated;
  Fixture sharded(all_tables());
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(replicated.world.size(), replicated.world.rank(), numbers);
  fill_with_weights(replicated.model);
  fill_with_weights(sharded.model);
  Evaluator of_replicated(replicated.world, replicated.team, replicated.runtime, own, replicated.rows.size(),
                          accuracies({1, 3, 5}));
  Evaluator of_sharded(sharded.world, sharded.team, sharded.runtime, own, sharded.rows.size(),
                       accuracies({1, 3, 5}));
  EXPECT_EQ(of_sharded.evaluate(sharded.model, sharded.rows),
            of_replicated.evaluate(replicated.model, replicated.rows));
}

TEST(EvaluatorTest, WorksWhereOneRankHasAllExamples) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const bool last = fixture.world.rank() == fixture.world.size() - 1;
  std::vector<std::int64_t> numbers;
  const auto own = last ? all_examples() : examples_of_rank(1, 1, numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows.size(),
                      accuracies({1, 5}));
  double smallest_gap = 0;
  EXPECT_EQ(evaluator.evaluate(fixture.model, fixture.rows), naive(fixture.model, {1, 5}, &smallest_gap));
}

constexpr std::int32_t users = 6;  // by the first feature

/// This rank's block of all examples, with their users.
features::Examples block_with_users(const mpi::Communicator& world) {
  const features::Examples all = all_examples();
  features::Examples own;
  own.features.features = 3;
  const auto border = [&](int rank) {
    return all.size() * static_cast<std::size_t>(rank) / static_cast<std::size_t>(world.size());
  };
  for (std::size_t i = border(world.rank()); i < border(world.rank() + 1); ++i) {
    own.items.push_back(all.items[i]);
    own.users.push_back(static_cast<std::int32_t>(all.features.words[i * 3]));
    for (std::size_t word = 0; word < 3; ++word)
      own.features.words.push_back(all.features.words[i * 3 + word]);
  }
  return own;
}

/// What the users have seen in training: test items among them.
bool is_seen(std::int32_t user, std::int32_t item) {
  return (user * 7 + item * 5) % 4 == 0;
}
ingest::UserHistory seen_items(mpi::Communicator& world) {
  std::vector<std::int32_t> of;
  std::vector<std::int32_t> seen;
  for (std::int32_t user = world.rank(); user < users; user += world.size()) {
    for (std::int32_t item = 0; item < items; ++item) {
      if (!is_seen(user, item)) continue;
      of.push_back(user);
      seen.push_back(item);
    }
  }
  return {users, of, seen, world};
}

/// Every score of an example's query, in double.
std::vector<double> scores_of(const test::ReferenceModel& reference, const features::Examples& examples,
                              std::size_t i) {
  const test::Vector query = test::reference_forward(reference.query, examples.features, i).back();
  const features::FeatureRows rows = catalogue();
  std::vector<double> scores;
  for (std::size_t item = 0; item < items; ++item)
    scores.push_back(test::dot(query, test::reference_forward(reference.candidate, rows, item).back()));
  return scores;
}

/// All candidates alike: the true one is among the first k of C as often as chance has it.
TEST(EvaluatorTest, AModelThatGivesEveryItemOneScoreHasTheAccuracyOfChance) {
  Fixture fixture;
  for (auto* table : fixture.model.tables())
    std::fill_n(table->weights().data(), table->weights().size(), 0.25F);
  // Lists without tokens have another vector than the others.
  for (std::size_t i = 0; i < fixture.rows.size(); ++i) fixture.rows.words[i * 2 + 1] = fixture.rows.words[3];
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(fixture.world.size(), fixture.world.rank(), numbers);
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows.size(),
                      accuracies({1, 5}));
  const MetricValues values = evaluator.evaluate(fixture.model, fixture.rows);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_NEAR(values[0].second, 1.0 / items, 1e-12);
  EXPECT_NEAR(values[1].second, 5.0 / items, 1e-12);
}

/// Items 0 to 4 are one item under five names, and so are 7 and 20: examples of theirs are hits in part.
TEST(EvaluatorTest, TiesCountByTheirExpectation) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const auto same_as = [](std::int32_t item) { return item < 5 ? 0 : item == 20 ? 7 : item; };
  for (std::int32_t item = 0; item < items; ++item) {
    const auto row = fixture.rows.words.begin() + 2 * item;
    std::copy_n(fixture.rows.words.begin() + 2 * same_as(item), 2, row);
  }
  std::vector<std::int64_t> numbers;
  const auto own = examples_of_rank(fixture.world.size(), fixture.world.rank(), numbers);
  const std::vector<std::int64_t> top_k = {1, 3, 5, 10, 22, 23, 100};
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows.size(),
                      accuracies(top_k));
  const MetricValues values = evaluator.evaluate(fixture.model, fixture.rows);

  const auto reference = reference_of(fixture.model);
  const features::Examples examples = all_examples();
  for (std::size_t k = 0; k < top_k.size(); ++k) {
    double expected = 0;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      const std::vector<double> scores = scores_of(reference, examples, i);
      const auto score = [&](std::int32_t item) { return scores[static_cast<std::size_t>(same_as(item))]; };
      // The share of the places of the tied group that are among the first k.
      std::int64_t before = 0;
      std::int64_t group = 0;
      for (std::int32_t item = 0; item < items; ++item) {
        before += score(item) > score(examples.items[i]) ? 1 : 0;
        group += score(item) == score(examples.items[i]) ? 1 : 0;
      }
      for (std::int64_t place = before + 1; place <= before + group; ++place)
        expected += (place <= top_k[k] ? 1.0 : 0.0) / static_cast<double>(group);
    }
    EXPECT_NEAR(values[k].second, expected / static_cast<double>(total), 1e-12) << top_k[k];
  }
}

TEST(EvaluatorTest, OfNoExamplesNothingIsANumber) {
  Fixture fixture;
  features::Examples none = block_with_users(fixture.world);
  none.items.clear();
  none.users.clear();
  none.features.words.clear();
  using enum MetricKind;
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, none, fixture.rows.size(),
                      make_metrics({accuracy, recall, mrr, coverage}, {1, 5}));
  EXPECT_EQ(evaluator.examples(), 0);
  for (const auto& [metric, value] : evaluator.evaluate(fixture.model, fixture.rows))
    EXPECT_TRUE(std::isnan(value)) << metric.name();
}

double naive_accuracy(const test::ReferenceModel& reference, std::int64_t k, bool excludes) {
  const features::Examples examples = all_examples();
  double hits = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::vector<double> scores = scores_of(reference, examples, i);
    const std::int32_t own = examples.items[i];
    std::int64_t higher = 0;
    for (std::int32_t item = 0; item < items; ++item) {
      if (item == own ||
          (excludes && is_seen(static_cast<std::int32_t>(examples.features.words[i * 3]), item)))
        continue;
      higher += scores[static_cast<std::size_t>(item)] > scores[static_cast<std::size_t>(own)] ? 1 : 0;
    }
    hits += higher < k ? 1 : 0;
  }
  return hits / static_cast<double>(total);
}

/// Sums over the lists of users, which are sorted whole.
struct Naive {
  double recall = 0;
  double ndcg = 0;
  double hit_rate = 0;
  double mrr = 0;
  double coverage = 0;
};
Naive naive_of_users(const test::ReferenceModel& reference, std::size_t k, bool excludes) {
  const features::Examples examples = all_examples();
  Naive sums;
  std::set<std::int32_t> shown;
  for (std::int32_t user = 0; user < users; ++user) {
    std::set<std::int32_t> relevant;
    std::vector<double> scores;
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (static_cast<std::int32_t>(examples.features.words[i * 3]) != user) continue;
      if (scores.empty()) scores = scores_of(reference, examples, i);
      relevant.insert(examples.items[i]);
    }
    std::vector<std::int32_t> list;
    for (std::int32_t item = 0; item < items; ++item) {
      if (!excludes || !is_seen(user, item) || relevant.contains(item)) list.push_back(item);
    }
    std::ranges::stable_sort(list, std::ranges::greater(),
                             [&](std::int32_t item) { return scores[static_cast<std::size_t>(item)]; });
    list.resize(std::min(k, list.size()));
    double hits = 0, gains = 0, ideal = 0, first = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      shown.insert(list[i]);
      if (!relevant.contains(list[i])) continue;
      if (hits == 0) first = 1.0 / static_cast<double>(i + 1);
      ++hits;
      gains += std::log(2.0) / std::log(static_cast<double>(i + 2));
    }
    for (std::size_t i = 0; i < std::min(k, relevant.size()); ++i)
      ideal += std::log(2.0) / std::log(static_cast<double>(i + 2));
    sums.recall += hits / static_cast<double>(relevant.size()) / users;
    sums.ndcg += gains / ideal / users;
    sums.hit_rate += (hits > 0 ? 1.0 : 0.0) / users;
    sums.mrr += first / users;
  }
  sums.coverage = static_cast<double>(shown.size()) / items;
  return sums;
}

void expect_metrics(bool excludes, int threads) {
  Fixture fixture;
  fill_with_weights(fixture.model);
  const auto reference = reference_of(fixture.model);
  const base::ThreadTeam team(threads);
  onednn::Runtime runtime(threads);
  const features::Examples own = block_with_users(fixture.world);
  const ingest::UserHistory seen = seen_items(fixture.world);
  const std::vector<std::int64_t> ks = {
      1, 3, 10, 40};  // users have up to ten test items; 40: more than there are candidates
  using enum MetricKind;
  Evaluator evaluator(fixture.world, team, runtime, own, fixture.rows.size(),
                      make_metrics({coverage, accuracy, recall, ndcg, hit_rate, mrr}, ks),
                      excludes ? &seen : nullptr);
  const MetricValues values = evaluator.evaluate(fixture.model, fixture.rows);
  EXPECT_EQ(values.size(), 5 * ks.size() + 1);
  for (const auto& [metric, value] : values) {
    const Naive naive = naive_of_users(reference, static_cast<std::size_t>(metric.k), excludes);
    const double accuracy_at_k = naive_accuracy(reference, metric.k, excludes);
    const double truth[] = {accuracy_at_k,  naive.recall, naive.ndcg,
                            naive.hit_rate, naive.mrr,    naive.coverage};
    EXPECT_NEAR(value, truth[static_cast<std::size_t>(metric.kind)], 1e-12) << metric.name();
  }
}

TEST(EvaluatorTest, MetricsAreThoseOfSortedListsInDoubles) {
  expect_metrics(false, 1);
}
TEST(EvaluatorTest, MetricsWithoutSeenItemsAreThoseOfSortedListsInDoubles) {
  expect_metrics(true, 1);
  expect_metrics(true, 2);
}

/// All candidates alike: the lists begin with the first rows.
TEST(EvaluatorTest, ListsOfEqualScoresAreInTheOrderOfRows) {
  Fixture fixture;
  for (auto* table : fixture.model.tables())
    std::fill_n(table->weights().data(), table->weights().size(), 0.25F);
  for (std::size_t i = 0; i < fixture.rows.size(); ++i) fixture.rows.words[i * 2 + 1] = fixture.rows.words[3];
  features::Examples own = block_with_users(fixture.world);
  for (std::size_t i = 0; i < own.size(); ++i) own.items[i] = own.users[i];
  Evaluator evaluator(fixture.world, fixture.team, fixture.runtime, own, fixture.rows.size(),
                      make_metrics({MetricKind::mrr, MetricKind::coverage}, {5}));
  const MetricValues values = evaluator.evaluate(fixture.model, fixture.rows);
  ASSERT_EQ(values.size(), 2U);
  EXPECT_NEAR(values[0].second, (1 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4 + 1.0 / 5) / 6, 1e-15);
  EXPECT_EQ(values[1].second, 5.0 / items);
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
  ModelOptions options;
  options.layers = {5, 4};
  options.normalize = true;
  options.dropout = options.candidate_dropout = 0.5F;
  auto features = candidate_features();
  features.push_back(feature("bias", items, 1));
  model::TwoTower model(query_features(), features, options, 5);
  fill_with_weights(model);
  const auto reference = reference_of(model);
  const features::FeatureRows rows = catalogue_with_ids();
  tensor::Matrix vectors(items, 5);
  Embedder(fixture.world, fixture.team, fixture.runtime, model.candidate(), model.dense())
      .run(rows, 0, vectors.view());
  for (std::size_t row = 0; row < vectors.rows(); ++row) {
    const auto truth = test::reference_forward(reference.candidate, rows, row).back();
    ASSERT_EQ(truth.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_NEAR(vectors(row, i), truth[i], 1e-5);
  }
}

/// Of every row of the catalogue, one by one.
void expect_rows_alone(const model::TwoTower& model, const features::FeatureRows& rows) {
  auto self = mpi::Communicator::self();
  const base::ThreadTeam team(1);
  onednn::Runtime runtime(1);
  tensor::Matrix together(rows.size(), model.dim());
  Embedder(self, team, runtime, model.candidate(), model.dense()).run(rows, 0, together.view());
  const RowEmbedder embedder(model.candidate(), model.dense());
  EXPECT_EQ(embedder.batch(), 1U) << "single queries cost as much as 256";
  std::vector<std::jthread> threads;  // at once
  tensor::Matrix alone(rows.size(), model.dim());
  for (std::size_t first = 0; first < 3; ++first) {
    threads.emplace_back([&, first] {
      RowEmbedder::Scratch scratch;
      for (std::size_t row = first; row < rows.size(); row += 3)
        embedder.run(rows, row, scratch, alone.row(row));
    });
  }
  threads.clear();
  EXPECT_TRUE(std::ranges::equal(alone.view().flat(), together.view().flat()));
}

TEST(RowEmbedderTest, HasTheBitsOfManyRowsTogether) {
  ModelOptions options;
  options.layers = {129, 64};
  model::TwoTower plain(query_features(), candidate_features(), options, 5);
  fill_with_weights(plain);
  expect_rows_alone(plain, catalogue());
  options.normalize = true;
  auto features = candidate_features();
  features.push_back(feature("bias", items, 1));
  model::TwoTower cosine(query_features(), features, options, 5);
  fill_with_weights(cosine);
  expect_rows_alone(cosine, catalogue_with_ids());
}

}  // namespace
}  // namespace gemel::evaluation
