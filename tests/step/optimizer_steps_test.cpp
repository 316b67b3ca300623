#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "mpi/communicator.hpp"
#include "step/training_step.hpp"
#include "support/reference_model.hpp"
#include "support/reference_optimizer.hpp"
#include "support/tiny_problem.hpp"

/// Several epochs of steps with every optimiser, beside a dense optimiser in doubles.
namespace gemel::step {
namespace {

using namespace test::tiny;

constexpr int lanes = 8;
constexpr std::int64_t batch_size = 24;  // 3 batches an epoch, of which the last is short
constexpr std::int64_t batches = 3;
constexpr std::int64_t epochs = 3;
constexpr std::uint64_t seed = 5;

struct Outcome {
  test::ReferenceModel model;                  // afterwards, when no table is sharded
  std::vector<std::vector<float>> parameters;  // afterwards
  test::ReferenceModel averaged;               // the model with the averages, when no table is sharded
  std::vector<std::vector<float>> averages;
  std::vector<double> losses;  // of each step
  std::vector<double> norms;   // of the gradient in each step
};

/// A run of all epochs on the ranks of a communicator. The weights are settled at the end, or after every second step.
Outcome train(const OptimizerOptions& options, mpi::Communicator world, int threads = 1,
              const std::set<std::string>& sharded = {}, bool settle_often = false) {
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  const base::ThreadTeam team(threads);
  onednn::Runtime runtime(threads);
  std::vector<std::int64_t> numbers;
  features::Examples own = examples_of_rank(world.size(), world.rank(), numbers);
  step::EpochDeal deal(layout, world, std::move(own), {.numbers = std::move(numbers)}, total, batch_size,
                       seed);
  const features::FeatureRows rows = catalogue();
  model::TwoTower model(query_features(), candidate_features(), {.layers = {5, 4}}, seed,
                        {world.size(), world.rank(), sharded});
  std::size_t sharded_tables = 0;
  for (const model::EmbeddingTable* table : model.tables()) sharded_tables += table->is_sharded() ? 1 : 0;
  EXPECT_EQ(sharded_tables, world.size() > 1 ? sharded.size() : 0);
  fill_with_weights(model);
  const std::vector<std::int64_t> counts = item_counts();
  learning::InBatchSoftmax loss({}, counts, seed, model.dense());
  learning::Optimizer optimizer(options, model);
  metering::PhaseTimer timer;
  metering::TrafficMeter traffic(world);
  TrainingStep step({layout, world, team, runtime, deal, rows, model, loss, optimizer, timer, traffic});
  Outcome outcome;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    deal.deal(epoch);
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      std::vector<double> own_losses(static_cast<std::size_t>(layout.lanes.size()), 0.0);
      step.run(batch, 0, own_losses);
      outcome.norms.push_back(step.gradient_norm());
      if (settle_often && batch % 2 == 1) optimizer.settle_all();
      double& sum = outcome.losses.emplace_back(0.0);
      for (const double lane : world.all_gather_varying(std::span<const double>(own_losses))) sum += lane;
    }
  }
  optimizer.settle_all();
  if (sharded.empty()) outcome.model = reference_of(model);
  outcome.parameters = all_parameters(model, world);
  {
    const learning::AveragedWeights averaged(optimizer);
    if (sharded.empty()) outcome.averaged = reference_of(model);
    outcome.averages = all_parameters(model, world);
  }
  EXPECT_EQ(all_parameters(model, world), outcome.parameters);
  return outcome;
}

using Touched = std::vector<std::vector<bool>>;  // [table][row]

void touch(Touched& touched, const test::ReferenceTower& tower, const features::FeatureRows& rows,
           std::size_t row) {
  test::for_each_embedding(tower, rows, row,
                           [&](std::size_t, std::size_t table, std::size_t table_row, double) {
                             touched[table][table_row] = true;
                           });
}

Touched nothing(const test::ReferenceTower& tower) {
  Touched touched;
  for (const auto& table : tower.tables) touched.emplace_back(table.values.size() / table.cols, false);
  return touched;
}

double squared_norm(test::ReferenceTower gradients) {
  double sum = 0;
  for (const auto* parameter : gradients.parameters()) sum += test::dot(parameter->values, parameter->values);
  return sum;
}

/// Updates a tower's parameters, which are kept from `first` on.
void update(test::ReferenceOptimizer& optimizer, std::size_t first, test::ReferenceTower& tower,
            test::ReferenceTower& gradients, const Touched& touched) {
  for (std::size_t p = 0; p < tower.parameters().size(); ++p) {
    optimizer.update(first + p, *tower.parameters()[p], gradients.parameters()[p]->values,
                     p < touched.size() ? touched[p] : std::vector<bool>());
  }
}

/// The same run with the reference's own losses, gradients and updates.
Outcome reference_train(const OptimizerOptions& options) {
  model::TwoTower model(query_features(), candidate_features(), {.layers = {5, 4}}, seed);
  fill_with_weights(model);
  Outcome outcome;
  outcome.model = reference_of(model);
  test::ReferenceTower& query = outcome.model.query;
  test::ReferenceTower& candidate = outcome.model.candidate;
  const features::Examples examples = all_examples();
  test::ReferenceOptimizer optimizer(options);
  for (std::int64_t step = 0; step < epochs * batches; ++step) {
    const auto key = base::random_key(seed, "epoch " + std::to_string(step / batches));
    const base::KeyedPermutation order(key, total);
    std::vector<std::size_t> rows;
    std::vector<std::int32_t> items;
    Touched query_touched = nothing(query);
    Touched candidate_touched = nothing(candidate);
    for (std::size_t i = 0; i < examples.size(); ++i) {
      if (static_cast<std::int64_t>(order(i)) / batch_size != step % batches) continue;
      rows.push_back(i);
      items.push_back(examples.items[i]);
      touch(query_touched, query, examples.features, i);
      touch(candidate_touched, candidate, catalogue(), static_cast<std::size_t>(examples.items[i]));
    }
    test::ReferenceModel gradients;
    outcome.losses.push_back(test::reference_step(outcome.model, examples.features, rows, catalogue(), items,
                                                  {}, item_counts(), &gradients));
    outcome.norms.push_back(std::sqrt(squared_norm(gradients.query) + squared_norm(gradients.candidate)));
    const auto most = static_cast<double>(options.clip_norm);
    optimizer.begin_step(most > 0 ? std::fmin(1.0, most / outcome.norms.back()) : 1.0);
    update(optimizer, 0, query, gradients.query, query_touched);
    update(optimizer, 100, candidate, gradients.candidate, candidate_touched);
  }
  outcome.averaged = outcome.model;
  for (std::size_t p = 0; p < query.parameters().size(); ++p) {
    outcome.averaged.query.parameters()[p]->values = optimizer.averages(p);
  }
  for (std::size_t p = 0; p < candidate.parameters().size(); ++p) {
    outcome.averaged.candidate.parameters()[p]->values = optimizer.averages(100 + p);
  }
  return outcome;
}

void expect_near(test::ReferenceTower found, test::ReferenceTower truth) {
  for (std::size_t p = 0; p < truth.parameters().size(); ++p) {
    const test::ReferenceParameter& parameter = *truth.parameters()[p];
    for (std::size_t i = 0; i < parameter.values.size(); ++i) {
      EXPECT_NEAR(found.parameters()[p]->values[i], parameter.values[i], 2e-5) << parameter.name << " " << i;
    }
  }
}

void expect_as_reference(const OptimizerOptions& options) {
  SCOPED_TRACE(static_cast<int>(options.kind));
  const Outcome found = train(options, mpi::Communicator::world());
  const Outcome truth = reference_train(options);
  for (std::size_t step = 0; step < truth.losses.size(); ++step) {
    EXPECT_NEAR(found.losses[step], truth.losses[step], 1e-5 * truth.losses[step]) << "step " << step;
    const double norm = options.clip_norm > 0 ? truth.norms[step] : 0.0;
    EXPECT_NEAR(found.norms[step], norm, 1e-5 * truth.norms[step]) << "step " << step;
  }
  expect_near(found.model.query, truth.model.query);
  expect_near(found.model.candidate, truth.model.candidate);
  if (options.average_decay == 0) return;
  expect_near(found.averaged.query, truth.averaged.query);
  expect_near(found.averaged.candidate, truth.averaged.candidate);
}

/// Every kind, with rates at which these gradients, sums over a batch, move the weights well without making them jump. Epsilon keeps
/// Adam from making much of gradients that are nothing but rounding (the candidates' last bias moves all logits alike).
std::vector<OptimizerOptions> optimizers() {
  std::vector<OptimizerOptions> all = test::every_optimizer();
  for (OptimizerOptions& options : all) {
    options.epsilon = 1e-2F;
    options.learning_rate.peak = options.kind == OptimizerKind::sgd ? 0.002F : 0.03F;
  }
  return all;
}

/// The same with all else that there is.
std::vector<OptimizerOptions> full_optimizers() {
  std::vector<OptimizerOptions> all = optimizers();
  for (OptimizerOptions& options : all) {
    options.learning_rate.schedule = ScheduleKind::cosine;
    options.learning_rate.warmup_steps = 2;
    options.learning_rate.total_steps = epochs * batches;
    options.learning_rate.final_share = 0.2F;
    options.clip_norm = 12.0F;
    if (options.kind == OptimizerKind::adam) continue;
    options.weight_decay = 0.05F / options.peak_rate();
  }
  return all;
}

/// Two kinds of these, with a penalty and averages too, which are the same for every kind.
std::vector<OptimizerOptions> averaging(std::vector<OptimizerOptions> all) {
  std::erase_if(all, [](const OptimizerOptions& options) {
    return options.kind != OptimizerKind::adagrad && options.kind != OptimizerKind::adamw;
  });
  for (OptimizerOptions& options : all) {
    options.embedding_l2 = 0.5F;
    options.average_decay = 0.8F;
  }
  return all;
}

TEST(OptimizerStepsTest, EveryKindFollowsTheDenseReference) {
  for (const auto& options : optimizers()) expect_as_reference(options);
}

TEST(OptimizerStepsTest, EveryKindFollowsItWithDecayClippingAndASchedule) {
  for (const auto& options : full_optimizers()) expect_as_reference(options);
}

TEST(OptimizerStepsTest, EveryKindFollowsItWithAPenaltyAndAverages) {
  for (const auto& options : averaging(optimizers())) expect_as_reference(options);
  for (const auto& options : averaging(full_optimizers())) expect_as_reference(options);
}

TEST(OptimizerStepsTest, AveragesAreNotTheWeights) {
  OptimizerOptions options = optimizers().front();
  const Outcome without = train(options, mpi::Communicator::self());
  EXPECT_EQ(without.averages, without.parameters);
  options.average_decay = 0.8F;
  const Outcome with = train(options, mpi::Communicator::self());
  EXPECT_EQ(with.parameters, without.parameters);
  for (std::size_t i = 0; i < with.averages.size(); ++i) EXPECT_NE(with.averages[i], with.parameters[i]);
}

TEST(OptimizerStepsTest, ItMakesNoDifferenceWhenAveragesAndDecayAreSettled) {
  for (const auto& options : averaging(full_optimizers())) {
    const Outcome late = train(options, mpi::Communicator::world());
    const Outcome early = train(options, mpi::Communicator::world(), 1, {}, true);
    EXPECT_EQ(early.parameters, late.parameters);
    EXPECT_EQ(early.averages, late.averages);
  }
}

TEST(OptimizerStepsTest, ClippingCutsSomeOfTheseGradientsAndNotOthers) {
  int cut = 0;
  for (const auto& options : full_optimizers()) {
    for (const double norm : reference_train(options).norms) cut += norm > 12.0 ? 1 : 0;
  }
  EXPECT_GT(cut, 0);
  EXPECT_LT(cut, static_cast<int>(full_optimizers().size()) * epochs * batches);
}

TEST(OptimizerStepsTest, RanksThreadsAndShardingChangeNoBit) {
  std::vector<OptimizerOptions> all = full_optimizers();
  std::ranges::move(averaging(full_optimizers()), std::back_inserter(all));
  all.push_back(averaging(optimizers()).front());
  for (const auto& options : all) {
    SCOPED_TRACE(static_cast<int>(options.kind));
    const Outcome alone = train(options, mpi::Communicator::self());
    const Outcome together = train(options, mpi::Communicator::world(), 2);
    EXPECT_EQ(together.norms, alone.norms);
    EXPECT_EQ(together.parameters, alone.parameters);
    const Outcome sharded = train(
        options, mpi::Communicator::world(), 1,
        {"query/tables/column7_lookup", "candidate/tables/column23_lookup", "candidate/tables/column9_text"});
    EXPECT_EQ(sharded.norms, alone.norms);
    EXPECT_EQ(sharded.losses, alone.losses);
    EXPECT_EQ(sharded.parameters, alone.parameters);
    EXPECT_EQ(together.averages, alone.averages);
    EXPECT_EQ(sharded.averages, alone.averages);
  }
}

}  // namespace
}  // namespace gemel::step
