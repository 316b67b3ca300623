#include "step/training_step.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/random.hpp"
#include "evaluation/embedder.hpp"
#include "model/dropout.hpp"
#include "mpi/communicator.hpp"
#include "support/losses.hpp"
#include "support/reference_model.hpp"
#include "support/tiny_problem.hpp"

namespace gemel::step {
namespace {

using namespace test::tiny;

constexpr int lanes = 8;
constexpr std::int64_t batch_size = 24;  // so the last batch is short
constexpr std::uint64_t seed = 5;

struct Batch {
  std::vector<std::size_t> rows;    // of all_examples()
  std::vector<std::size_t> places;  // in the batch
  std::vector<std::int32_t> items;
  test::ReferenceSeen seen;  // by their users
};

Batch batch_of_epoch_0(std::int64_t batch) {
  const base::KeyedPermutation order(base::random_key(seed, "epoch 0"), total);
  const features::Examples examples = all_examples();
  Batch result;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (static_cast<std::int64_t>(order(i)) / batch_size != batch) continue;
    result.rows.push_back(i);
    result.places.push_back(order(i) % static_cast<std::uint64_t>(batch_size));
    result.items.push_back(examples.items[i]);
    result.seen.push_back(seen_items()[static_cast<std::size_t>(user(i))]);
  }
  return result;
}

/// Of example `index` of all_examples(), where they have weights; some have none.
float weight(std::size_t index) {
  return static_cast<float>(index % 5) * 0.375F;
}

struct Outcome {
  test::ReferenceModel before;
  test::ReferenceModel after;
  double loss = 0;
  std::uint32_t flags = 0;
  double log_temperature_change = 0;
  std::vector<std::vector<float>> parameters;  // afterwards
  std::vector<std::int64_t> operations;        // by phase, of all ranks
};

/// What the features of the tiny problem and these options make.
struct Architecture {
  std::vector<features::FittedFeature> query = query_features();
  std::vector<features::FittedFeature> candidate = candidate_features();
  ModelOptions options = {.layers = {5, 4}};
};

/// With a bias for each item, whose rows are in the catalogue's last words.
Architecture with_biases(Architecture architecture) {
  architecture.candidate.push_back(feature("bias", items, 1));
  return architecture;
}

/// Two of the query's three features are lists: of a table of 7 rows and of one of 5.
Architecture with_query_lists(Architecture architecture) {
  architecture.query[0] = feature("list(|)", 7, 3);
  architecture.query[1] = feature("text(5)", 5, 2);
  return architecture;
}

/// The query features of all_examples(). Lists are of none, one or two times the same row, and of two rows that may be the same.
features::FeatureRows query_rows_of(const Architecture& architecture) {
  features::FeatureRows rows = all_examples().features;
  if (!architecture.query[0].spec.kind->has_lists()) return rows;
  rows.lists = {0, 1};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::vector<std::uint32_t> first(i % 3, rows.words[3 * i]);
    const std::vector<std::uint32_t> second = {static_cast<std::uint32_t>(i % 5), rows.words[3 * i + 1]};
    rows.words[3 * i] = rows.add_list(first);
    rows.words[3 * i + 1] = rows.add_list(second);
  }
  return rows;
}

features::FeatureRows catalogue_of(const Architecture& architecture) {
  return architecture.candidate.size() == 3 ? catalogue_with_ids() : catalogue();
}

Outcome run_step(const LossOptions& loss_options, const OptimizerOptions& optimizer_options,
                 std::int64_t batch, int threads, const std::set<std::string>& sharded = {},
                 std::int64_t steps = 1, const Architecture& architecture = {}, bool is_weighted = false) {
  auto world = mpi::Communicator::world();
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  const base::ThreadTeam team(threads);
  onednn::Runtime runtime(threads);
  std::vector<std::int64_t> numbers;
  features::Examples own = examples_of_rank(world.size(), world.rank(), numbers);
  const features::FeatureRows query_rows = query_rows_of(architecture);
  own.features = query_rows.empty_like();
  for (const std::int64_t number : numbers) {
    own.features.append(query_rows, static_cast<std::size_t>(number));
    if (is_weighted) own.weights.push_back(weight(static_cast<std::size_t>(number)));
    if (loss_options.mask_seen) own.users.push_back(user(static_cast<std::size_t>(number)));
  }
  std::optional<ingest::UserHistory> seen;
  if (loss_options.mask_seen) seen.emplace(users, own.users, own.items, world);
  step::EpochDeal deal(layout, world, std::move(own), {.numbers = std::move(numbers)}, total, batch_size,
                       seed);
  deal.deal(0);
  const features::FeatureRows rows = catalogue_of(architecture);
  model::TwoTower model(architecture.query, architecture.candidate, architecture.options, seed,
                        {world.size(), world.rank(), sharded}, loss_options);
  fill_with_weights(model);
  const std::vector<std::int64_t> counts = item_counts();
  learning::InBatchSoftmax loss(loss_options, counts, seed, model.dense(), seen ? &*seen : nullptr);
  const auto log_temperature = [&] {
    return loss_options.learned_temperature ? static_cast<double>(model.dense().values().back()) : 0.0;
  };
  const double log_temperature_before = log_temperature();
  learning::Optimizer optimizer(optimizer_options, model);
  metering::PhaseTimer timer;
  metering::TrafficMeter traffic(world);
  Outcome outcome;
  if (sharded.empty()) outcome.before = reference_of(model);
  TrainingStep step({layout, world, team, runtime, deal, rows, model, loss, optimizer, timer, traffic});
  std::vector<double> losses(static_cast<std::size_t>(layout.lanes.size()), 0.0);
  outcome.flags = step.run(batch, 1U << world.rank(), losses);
  for (std::int64_t next = batch + 1; next < batch + steps; ++next) {
    // As a checkpoint does, whose messages must not be taken for those of the next batch.
    tensor::Matrix vectors(items, model.dim());
    evaluation::Embedder(world, team, runtime, model.candidate(), model.dense()).run(rows, 0, vectors.view());
    step.run(next, 0, losses);
  }
  optimizer.settle_all();
  if (sharded.empty()) outcome.after = reference_of(model);
  outcome.parameters = all_parameters(model, world);
  outcome.log_temperature_change = log_temperature() - log_temperature_before;
  outcome.operations.assign(timer.operations().begin(), timer.operations().end());
  world.sum(std::span(outcome.operations));
  for (const double lane : world.all_gather_varying(std::span<const double>(losses))) outcome.loss += lane;
  return outcome;
}

double largest(const std::vector<test::ReferenceParameter*>& parameters) {
  double result = 0;
  for (const auto* parameter : parameters) {
    for (const double value : parameter->values) result = std::max(result, std::abs(value));
  }
  return result;
}

/// With these options a step subtracts 1024 times the gradient: g * 2^40 / sqrt(g^2 + 2^60), and g^2 is lost in 2^60. The factor
/// makes the rounding of the parameter itself small beside the gradient.
OptimizerOptions plain_descent() {
  OptimizerOptions options;
  options.learning_rate.peak = 0x1p40F;
  options.initial_accumulator = 0.0F;
  options.epsilon = 0x1p60F;
  return options;
}
constexpr double descent = 1024;

void expect_gradients(test::ReferenceTower before, test::ReferenceTower after, test::ReferenceTower truth) {
  const auto truths = truth.parameters();
  // The gradient of some parameters is a sum that cancels (the candidates' last bias moves all logits of a row alike).
  const double floor = 0.1 * largest(truths);
  for (std::size_t p = 0; p < truths.size(); ++p) {
    const double tolerance = 1e-5 * std::max(largest({truths[p]}), floor);
    double error = 0;
    for (std::size_t i = 0; i < truths[p]->values.size(); ++i) {
      const double gradient =
          (before.parameters()[p]->values[i] - after.parameters()[p]->values[i]) / descent;
      error = std::max(error, std::abs(gradient - truths[p]->values[i]));
    }
    EXPECT_LE(error, tolerance) << truths[p]->name;
  }
}

/// What the model under test draws; how it draws has tests of its own.
std::vector<std::int32_t> drawn_for(const LossOptions& options, std::int64_t batch) {
  std::vector<std::int32_t> items;
  learning::Negatives(options, item_counts(), seed).draw(0, batch, items);
  EXPECT_EQ(static_cast<std::int64_t>(items.size()), options.extra_negatives);
  return items;
}

/// What a tower drops in the first step.
auto drop_like(const std::string& tower, float input_share, float hidden_share) {
  return [=](std::size_t place, std::size_t number, std::size_t cols) {
    const float share = place == 0 ? input_share : hidden_share;
    test::Vector result(cols, 1.0);
    if (share == 0) return result;
    const model::Dropout dropout(
        share, place == 0 ? tower + "/dropout_input" : tower + "/dropout_" + std::to_string(place - 1), cols,
        seed);
    tensor::Matrix ones(1, cols);
    std::fill_n(ones.data(), cols, 1.0F);
    tensor::Matrix factors;
    const auto row = static_cast<std::int32_t>(number);
    const model::DropoutDraw draw{0, {&row, 1}};
    onednn::Executor executor;
    dropout.forward({{}, executor, &draw}, ones.view(), ones.view(), factors);
    std::copy_n(factors.data(), cols, result.begin());
    return result;
  };
}

void expect_step(const LossOptions& options, std::int64_t batch, int threads = 1,
                 const Architecture& architecture = {}, bool is_weighted = false) {
  const Outcome outcome =
      run_step(options, plain_descent(), batch, threads, {}, 1, architecture, is_weighted);
  const Batch examples = batch_of_epoch_0(batch);
  std::vector<float> weights;
  for (const std::size_t row : examples.rows) {
    if (is_weighted) weights.push_back(weight(row));
  }
  test::ReferenceModel before = outcome.before;
  before.query.dropout = drop_like("query", architecture.options.query_dropout, architecture.options.dropout);
  before.candidate.dropout =
      drop_like("candidate", architecture.options.candidate_dropout, architecture.options.dropout);
  test::ReferenceModel gradients;
  const double loss = test::reference_step(
      before, query_rows_of(architecture), examples.rows, catalogue_of(architecture), examples.items, options,
      item_counts(), &gradients, drawn_for(options, batch), weights, examples.places, examples.seen);
  EXPECT_NEAR(outcome.loss, loss, 1e-5 * loss);
  if (options.learned_temperature) {
    const double slope = gradients.log_temperature;
    EXPECT_NEAR(-outcome.log_temperature_change / descent, slope, 2e-5 * std::abs(slope));
  }
  expect_gradients(outcome.before.query, outcome.after.query, gradients.query);
  expect_gradients(outcome.before.candidate, outcome.after.candidate, gradients.candidate);
  EXPECT_EQ(outcome.flags, (1U << mpi::Communicator::world().size()) - 1);
}

TEST(TrainingStepTest, ComputesTheLossAndTheGradientOfEveryParameter) {
  expect_step({}, 0);
}
TEST(TrainingStepTest, ComputesThemOnTwoThreads) {
  expect_step({}, 0, 2);
}
// Inputs of 6 and of 7 columns. Candidates are padded, so their number is told by what the loss takes.
TEST(TrainingStepTest, CountsTheOperationsOfItsMatrixProducts) {
  const Outcome outcome = run_step({}, plain_descent(), 0, 1);
  const auto operations = [&](metering::Phase phase) {
    return outcome.operations[static_cast<std::size_t>(phase)];
  };
  const std::int64_t columns = operations(metering::Phase::loss) / (3 * 2 * batch_size * 4);
  EXPECT_EQ(operations(metering::Phase::loss), 3 * 2 * batch_size * 4 * columns);
  EXPECT_GE(columns, 1);
  EXPECT_EQ(columns % static_cast<std::int64_t>(exchange::DistinctCandidates::granule), 0);
  const std::int64_t forward = 2 * batch_size * (6 * 5 + 5 * 4) + 2 * columns * (7 * 5 + 5 * 4);
  EXPECT_EQ(operations(metering::Phase::forward), forward);
  EXPECT_EQ(operations(metering::Phase::backward), 2 * forward);
  EXPECT_EQ(operations(metering::Phase::update), 0);
}

TEST(TrainingStepTest, ComputesThemWithListsOfQueries) {
  expect_step({}, 0, 1, with_query_lists({}));
  expect_step({0.5F, true, true}, 2, 2, with_query_lists({}));
}

TEST(TrainingStepTest, ComputesThemWithATemperature) {
  expect_step({0.5F, false, false}, 0);
}
TEST(TrainingStepTest, ComputesThemWithTheLogQCorrection) {
  expect_step({1.0F, true, false}, 0);
}
TEST(TrainingStepTest, ComputesThemWithAccidentalHitsRemoved) {
  expect_step({1.0F, false, true}, 0);
}
TEST(TrainingStepTest, ComputesThemWithAllOptions) {
  expect_step({0.5F, true, true}, 0);
}
TEST(TrainingStepTest, ComputesThemForAShortLastBatch) {
  EXPECT_EQ(batch_of_epoch_0(2).items.size(), 12U);
  expect_step({}, 2);
  expect_step({0.5F, true, true}, 2);
}

TEST(TrainingStepTest, ComputesThemWithEveryOtherOption) {
  for (const LossOptions& options : test::more_losses()) {
    expect_step(options, 0);
    expect_step(options, 2, 2);
  }
}

TEST(TrainingStepTest, ComputesThemForExamplesWithWeights) {
  expect_step({}, 0, 1, {}, true);
  for (const LossOptions& options : test::more_losses()) expect_step(options, 2, 2, {}, true);
}

Architecture normalized() {
  Architecture architecture;
  architecture.options.normalize = true;
  return architecture;
}

/// Towers without layers, whose features are of the same width.
Architecture without_layers() {
  Architecture architecture;
  architecture.query[1].spec.dim = 3;  // 3 + 3 + 1 columns, as 3 + 4
  architecture.options.layers.clear();
  return architecture;
}

TEST(TrainingStepTest, ComputesThemForCosines) {
  expect_step({0.2F, true, false}, 0, 1, normalized());
}
TEST(TrainingStepTest, ComputesThemWithoutLayers) {
  expect_step({0.5F, false, false}, 0, 1, without_layers());
}
TEST(TrainingStepTest, ComputesThemWithItemBiases) {
  expect_step({0.5F, false, false}, 0, 1, with_biases({}));
}
TEST(TrainingStepTest, ComputesThemForCosinesWithItemBiasesAndNoLayers) {
  Architecture architecture = with_biases(without_layers());
  architecture.options.normalize = true;
  expect_step({0.2F, true, true}, 0, 2, architecture);
  expect_step({0.2F, true, true}, 2, 1, architecture);
}

Architecture dropping(Architecture architecture) {
  architecture.options.dropout = 0.25F;
  architecture.options.query_dropout = 0.125F;
  architecture.options.candidate_dropout = 0.375F;
  return architecture;
}

TEST(TrainingStepTest, ComputesThemWithDropout) {
  expect_step({0.5F, true, false}, 0, 1, dropping({}));
  expect_step({0.5F, true, false}, 2, 2, dropping(with_biases(normalized())));
  Architecture inputs_only = without_layers();
  inputs_only.options.query_dropout = 0.5F;
  expect_step({0.5F, false, false}, 0, 1, inputs_only);
}

TEST(TrainingStepTest, ComputesThemWithDropoutAndOtherNegatives) {
  for (const LossOptions& options : test::more_losses()) {
    expect_step(options, 0, 1, dropping(with_biases(normalized())));
  }
}

TEST(TrainingStepTest, UsersHaveOtherItemsInTheBatch) {
  const Batch batch = batch_of_epoch_0(0);
  const std::set<std::int32_t> distinct(batch.items.begin(), batch.items.end());
  std::size_t masked = 0;
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    for (const std::int32_t item : distinct)
      masked += item != batch.items[i] && batch.seen[i].contains(item) ? 1 : 0;
  }
  EXPECT_GT(masked, batch.items.size());
  EXPECT_LT(masked, batch.items.size() * (distinct.size() - 1));
}

TEST(TrainingStepTest, TheBatchHasItemsTwice) {
  std::vector<std::int32_t> distinct = batch_of_epoch_0(0).items;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  EXPECT_LT(distinct.size(), 20U);
}

void expect_adagrad(test::ReferenceTower before, test::ReferenceTower after, test::ReferenceTower gradients) {
  const auto all = gradients.parameters();
  for (std::size_t p = 0; p < all.size(); ++p) {
    for (std::size_t i = 0; i < all[p]->values.size(); ++i) {
      const double g = all[p]->values[i];
      const double old = before.parameters()[p]->values[i];
      const double updated = after.parameters()[p]->values[i];
      EXPECT_NEAR(updated, old - 0.1 * g / std::sqrt(0.1 + g * g + 1e-7), 1e-6) << all[p]->name << " " << i;
    }
  }
}

TEST(TrainingStepTest, UpdatesByAdagrad) {
  const Outcome outcome = run_step({}, {}, 0, 1);
  const Batch examples = batch_of_epoch_0(0);
  test::ReferenceModel gradients;
  test::reference_step(outcome.before, all_examples().features, examples.rows, catalogue(), examples.items,
                       {}, item_counts(), &gradients);
  expect_adagrad(outcome.before.query, outcome.after.query, gradients.query);
  expect_adagrad(outcome.before.candidate, outcome.after.candidate, gradients.candidate);
  const auto& table = outcome.after.query.tables[0].values;  // its last row belongs to no example
  EXPECT_TRUE(std::equal(table.end() - 3, table.end(), outcome.before.query.tables[0].values.end() - 3));
}

/// Three steps of an epoch, so that what a step prepares for the next one counts.
void expect_sharding_changes_nothing(const OptimizerOptions& optimizer,
                                     const LossOptions& loss = {0.5F, true, false},
                                     const Architecture& architecture = {}) {
  const Outcome replicated = run_step(loss, optimizer, 0, 1, {}, 3, architecture);
  std::set<std::string> all = all_tables();
  if (architecture.candidate.size() == 3) all.insert("candidate/tables/column23_bias");
  if (architecture.query[0].spec.kind->has_lists())
    all.insert({"query/tables/column7_list", "query/tables/column5_text"});
  const Outcome sharded = run_step(loss, optimizer, 0, 1, all, 3, architecture);
  const Outcome mixed = run_step(loss, optimizer, 0, 2, {*all.begin(), *all.rbegin()}, 3, architecture);
  EXPECT_EQ(sharded.loss, replicated.loss);
  EXPECT_EQ(sharded.parameters, replicated.parameters);
  EXPECT_EQ(mixed.loss, replicated.loss);
  EXPECT_EQ(mixed.parameters, replicated.parameters);
}

TEST(TrainingStepTest, ShardedTablesGiveTheBitsOfReplicatedOnes) {
  expect_sharding_changes_nothing({});
}
TEST(TrainingStepTest, ShardedTablesGiveThemWithWeightDecayAndClipping) {
  OptimizerOptions optimizer;
  optimizer.kind = OptimizerKind::adamw;
  optimizer.learning_rate.peak = 0.01F;
  optimizer.weight_decay = 0.3F;
  optimizer.clip_norm = 0.5F;
  expect_sharding_changes_nothing(optimizer);
  optimizer.kind = OptimizerKind::rowwise_adagrad;
  expect_sharding_changes_nothing(optimizer);
}

TEST(TrainingStepTest, ShardedTablesGiveThemWithEveryOtherLoss) {
  for (const LossOptions& loss : test::more_losses()) expect_sharding_changes_nothing({}, loss);
}

TEST(TrainingStepTest, ShardedTablesGiveThemWithItemBiasesAndNoLayers) {
  expect_sharding_changes_nothing({}, {0.5F, true, false}, with_biases(without_layers()));
}
TEST(TrainingStepTest, ShardedTablesGiveThemWithListsOfQueries) {
  expect_sharding_changes_nothing({}, {0.5F, true, false}, with_query_lists({}));
}
TEST(TrainingStepTest, ShardedTablesGiveThemWithDropout) {
  expect_sharding_changes_nothing({}, {0.5F, true, false}, dropping(with_biases(normalized())));
}

/// The reference's own gradients, by central differences.
void expect_slopes(const LossOptions& given, const Architecture& architecture = {}) {
  model::TwoTower model(architecture.query, architecture.candidate, architecture.options, seed);
  fill_with_weights(model);
  test::ReferenceModel reference = reference_of(model);
  const features::FeatureRows features = all_examples().features;
  const features::FeatureRows rows = catalogue_of(architecture);
  const std::vector<std::int64_t> counts = item_counts();
  const Batch batch = batch_of_epoch_0(0);
  const std::vector<std::int32_t> drawn = drawn_for(given, 0);
  LossOptions options = given;
  options.reduction = LossReduction::sum;  // the loss is the sum always
  const auto loss = [&](test::ReferenceModel* gradients = nullptr) {
    return test::reference_step(reference, features, batch.rows, rows, batch.items, options, counts,
                                gradients, drawn, {}, {}, batch.seen);
  };
  test::ReferenceModel gradients;
  loss(&gradients);
  for (const auto& [tower, slopes] : {std::pair(&reference.query, &gradients.query),
                                      std::pair(&reference.candidate, &gradients.candidate)}) {
    for (std::size_t p = 0; p < tower->parameters().size(); ++p) {
      test::Vector& values = tower->parameters()[p]->values;
      for (std::size_t i = 0; i < values.size(); i += 3) {
        const double value = values[i];
        constexpr double h = 1e-5;
        values[i] = value + h;
        const double above = loss();
        values[i] = value - h;
        const double below = loss();
        values[i] = value;
        const double slope = (above - below) / (2 * h);
        EXPECT_NEAR(slopes->parameters()[p]->values[i], slope, 1e-6 * std::max(1.0, std::abs(slope)))
            << tower->parameters()[p]->name << " " << i;
      }
    }
  }
  const float temperature = options.temperature;
  options.temperature = temperature * 1.0005F;
  const double above = loss();
  const double step = std::log(static_cast<double>(options.temperature) / temperature);
  options.temperature = temperature / 1.0005F;
  const double slope =
      (above - loss()) / (step + std::log(temperature / static_cast<double>(options.temperature)));
  EXPECT_NEAR(gradients.log_temperature, slope, 1e-4 * std::abs(slope) + 1e-4);
}

TEST(ReferenceModelTest, ItsGradientsAreTheSlopesOfItsLoss) {
  expect_slopes({0.5F, true, true});
  for (const LossOptions& options : test::more_losses()) expect_slopes(options);
}

TEST(ReferenceModelTest, SoTheyAreForCosinesWithBiasesAndWithoutLayers) {
  expect_slopes({0.5F, true, true}, with_biases(normalized()));
  Architecture architecture = with_biases(without_layers());
  architecture.options.normalize = true;
  expect_slopes({0.5F, true, true}, architecture);
}

}  // namespace
}  // namespace gemel::step
