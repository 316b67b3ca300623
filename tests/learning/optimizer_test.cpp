#include "learning/optimizer.hpp"
#include "learning/optimizer_slots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "learning/learning_rate.hpp"
#include "mpi/communicator.hpp"
#include "support/lanes.hpp"
#include "support/reference_optimizer.hpp"

namespace gemel::learning {
namespace {

using testing::ElementsAreArray;

constexpr std::size_t table_rows[] = {9, 4};
constexpr std::size_t dim = 11;
constexpr int steps = 12;

/// A model with two tables, of which the first is sharded over the ranks.
struct Fixture {
  static std::vector<features::FittedFeature> lookup(const char* column, std::size_t rows) {
    features::FittedFeature feature;
    feature.spec = features::parse_feature(std::string(column) + ":lookup", dim);
    feature.vocabulary.rows = static_cast<std::int64_t>(rows);
    return {feature};
  }
  mpi::Communicator world = mpi::Communicator::world();
  model::TwoTower model{lookup("user", table_rows[0]),
                        lookup("item", table_rows[1]),
                        {.layers = {4}},
                        1,
                        {world.size(), world.rank(), {"query/tables/user_lookup"}}};
};

float gradient(int step, std::size_t parameter, std::size_t element) {
  return 3 * test::number(10 * static_cast<std::uint64_t>(step) + parameter, element);
}

/// A third of the rows, and of each table one row in the first step only.
bool is_touched(int step, std::size_t table, std::size_t row) {
  if (row == 2) return step == 0;
  return test::number(1000 + 10 * static_cast<std::uint64_t>(step) + table, row) > 0.33F;
}

std::vector<float> gradients(int step, std::size_t parameter, std::size_t size) {
  std::vector<float> result;
  for (std::size_t i = 0; i < size; ++i) result.push_back(gradient(step, parameter, i));
  return result;
}

void run_step(Fixture& fixture, Optimizer& optimizer, int step, float scale = 1.0F) {
  optimizer.begin_step(scale);
  optimizer.update_dense(gradients(step, 2, fixture.model.dense().size()));
  const auto tables = fixture.model.tables();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const std::vector<float> all = gradients(step, t, table_rows[t] * dim);
    for (auto row = tables[t]->held().first; row < tables[t]->held().last; ++row) {
      const auto number = static_cast<std::size_t>(row);
      if (!is_touched(step, t, number)) continue;
      optimizer.update_row(t, tables[t]->index(row), std::span(all).subspan(number * dim, dim));
    }
  }
}

/// All rows of both tables and the dense parameters, in doubles.
std::vector<test::ReferenceParameter> reference_of(Fixture& fixture) {
  std::vector<test::ReferenceParameter> result;
  for (const char* name : {"query/tables/user_lookup", "candidate/tables/item_lookup"}) {
    const std::size_t rows = table_rows[result.size()];
    constexpr std::int64_t unknown = 1;
    const model::EmbeddingTable table({name, {}, {}, static_cast<std::int64_t>(rows), dim, 0.05F, unknown},
                                      {}, 1);
    const auto values = table.weights().view().flat();
    result.push_back({name, dim, test::Vector(values.begin(), values.end())});
  }
  const auto values = fixture.model.dense().values();
  result.push_back({"dense", 1, test::Vector(values.begin(), values.end())});
  return result;
}

void expect_near(Fixture& fixture, const std::vector<test::ReferenceParameter>& truth, double tolerance) {
  const auto tables = fixture.model.tables();
  for (std::size_t t = 0; t < tables.size(); ++t) {
    for (auto row = tables[t]->held().first; row < tables[t]->held().last; ++row) {
      for (std::size_t i = 0; i < dim; ++i) {
        EXPECT_NEAR(tables[t]->row(row)[i], truth[t].values[static_cast<std::size_t>(row) * dim + i],
                    tolerance)
            << truth[t].name << " " << row << " " << i;
      }
    }
  }
  for (std::size_t i = 0; i < fixture.model.dense().size(); ++i) {
    EXPECT_NEAR(fixture.model.dense().values()[i], truth[2].values[i], tolerance) << "dense " << i;
  }
}

void expect_as_reference(const OptimizerOptions& options, float scale = 1.0F) {
  SCOPED_TRACE(learning::slot_kinds(options).size());
  SCOPED_TRACE(static_cast<int>(options.kind));
  Fixture fixture;
  auto truth = reference_of(fixture);
  Optimizer optimizer(options, fixture.model);
  test::ReferenceOptimizer reference(options);
  for (int step = 0; step < steps; ++step) {
    run_step(fixture, optimizer, step, scale);
    reference.begin_step(static_cast<double>(scale));
    for (std::size_t p = 0; p < truth.size(); ++p) {
      std::vector<bool> touched;
      for (std::size_t row = 0; p < 2 && row < table_rows[p]; ++row)
        touched.push_back(is_touched(step, p, row));
      test::Vector g;
      for (std::size_t i = 0; i < truth[p].values.size(); ++i) {
        const bool counts = p == 2 || touched[i / dim];
        g.push_back(counts ? static_cast<double>(gradient(step, p, i)) : 0.0);
      }
      reference.update(p, truth[p], g, touched);
    }
  }
  optimizer.settle_all();
  expect_near(fixture, truth, 2e-6);
}

TEST(Optimizer, EveryKindFollowsTheDenseReference) {
  for (const OptimizerOptions& options : test::every_optimizer()) expect_as_reference(options);
}

TEST(Optimizer, EveryKindFollowsItWithAllSettings) {
  for (OptimizerOptions options : test::every_optimizer()) {
    options.learning_rate = {0.05F, ScheduleKind::cosine, 3, 20, 0.1F};
    options.beta_1 = 0.7F;
    options.beta_2 = 0.9F;
    options.epsilon = 1e-2F;
    options.initial_accumulator = 0.3F;
    expect_as_reference(options, 0.25F);
    options.learning_rate.schedule = ScheduleKind::inverse_sqrt;
    if (options.kind != OptimizerKind::adam) options.weight_decay = 0.5F;
    expect_as_reference(options, 0.25F);
  }
}

/// The bits of all parameters that this rank holds.
std::vector<float> values_of(Fixture& fixture) {
  const auto dense = fixture.model.dense().values();
  std::vector<float> values(dense.begin(), dense.end());
  for (model::EmbeddingTable* table : fixture.model.tables()) {
    const auto weights = table->weights().view().flat();
    values.insert(values.end(), weights.begin(), weights.end());
  }
  return values;
}

std::vector<OptimizerOptions> every_decaying_optimizer() {
  std::vector<OptimizerOptions> all = test::every_optimizer();
  std::erase_if(all, [](const OptimizerOptions& options) { return options.kind == OptimizerKind::adam; });
  for (OptimizerOptions& options : all) {
    options.weight_decay = 0.7F;
    options.learning_rate = {0.05F, ScheduleKind::cosine, 3, 20, 0.1F};
  }
  return all;
}

TEST(Optimizer, WhenRowsAreSettledChangesNoBit) {
  for (const OptimizerOptions& options : every_decaying_optimizer()) {
    Fixture late;
    Fixture always;
    Fixture sometimes;
    Optimizer late_optimizer(options, late.model);
    Optimizer always_optimizer(options, always.model);
    Optimizer sometimes_optimizer(options, sometimes.model);
    for (int step = 0; step < steps; ++step) {
      run_step(late, late_optimizer, step);
      run_step(always, always_optimizer, step);
      run_step(sometimes, sometimes_optimizer, step);
      always_optimizer.settle_all();
      if (step == 5) sometimes_optimizer.settle_all();
      sometimes_optimizer.settle_rows(1, std::vector<std::int64_t>{step % 4, 2, 2});
    }
    EXPECT_FALSE(late_optimizer.is_settled());
    EXPECT_NE(values_of(late), values_of(always));
    late_optimizer.settle_all();
    sometimes_optimizer.settle_all();
    EXPECT_TRUE(late_optimizer.is_settled());
    EXPECT_THAT(values_of(late), ElementsAreArray(values_of(always)));
    EXPECT_THAT(values_of(sometimes), ElementsAreArray(values_of(always)));
  }
}

TEST(Optimizer, ARowThatNoStepTouchesDecaysAsInADenseOptimiser) {
  Fixture fixture;
  const OptimizerOptions options = every_decaying_optimizer().front();
  Optimizer optimizer(options, fixture.model);
  model::EmbeddingTable& table = *fixture.model.tables()[1];
  std::vector<float> expected(table.row(3).begin(), table.row(3).end());
  for (int step = 0; step < steps; ++step) {
    optimizer.begin_step();
    const float factor = 1.0F - learning_rate(options, step) * options.weight_decay;
    for (float& value : expected) value *= factor;
  }
  optimizer.settle_rows(1, std::vector<std::int64_t>{3});
  EXPECT_THAT(table.row(3), ElementsAreArray(expected));
}

TEST(Optimizer, ARowThatNoStepTouchesKeepsItsSlotsAndWithoutDecayItsWeights) {
  for (const OptimizerOptions& options : test::every_optimizer()) {
    Fixture fixture;
    Optimizer optimizer(options, fixture.model);
    model::EmbeddingTable& table = *fixture.model.tables()[1];
    const std::vector<float> before(table.row(1).begin(), table.row(1).end());
    for (int step = 0; step < 3; ++step) {
      optimizer.begin_step();
      optimizer.update_row(1, 0, gradients(step, 1, dim));
    }
    EXPECT_TRUE(optimizer.is_settled());
    optimizer.settle_all();
    EXPECT_THAT(table.row(1), ElementsAreArray(before));
    const auto kinds = learning::slot_kinds(options);
    ASSERT_EQ(optimizer.slots().size(), kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      EXPECT_EQ(optimizer.slots()[i].tables[1].cols(), kinds[i].is_per_row ? 1 : dim);
      EXPECT_THAT(optimizer.slots()[i].tables[1].row(1), testing::Each(kinds[i].initial));
      EXPECT_THAT(optimizer.slots()[i].tables[1].row(0), testing::Each(testing::Ne(kinds[i].initial)));
    }
  }
}

TEST(Optimizer, GoesOnFromParametersAndSlotsAsIfNothingHadHappened) {
  std::vector<OptimizerOptions> all = every_decaying_optimizer();
  all.push_back(test::every_optimizer()[2]);
  EXPECT_EQ(all.back().kind, OptimizerKind::adam);
  for (const OptimizerOptions& options : all) {
    Fixture whole;
    Optimizer whole_optimizer(options, whole.model);
    for (int step = 0; step < steps; ++step) run_step(whole, whole_optimizer, step);
    whole_optimizer.settle_all();

    Fixture first;
    Optimizer first_optimizer(options, first.model);
    for (int step = 0; step < 5; ++step) run_step(first, first_optimizer, step);
    first_optimizer.settle_all();
    EXPECT_EQ(first_optimizer.steps(), 5);

    Optimizer second_optimizer(options, first.model);
    std::swap(second_optimizer.slots(), first_optimizer.slots());
    second_optimizer.resume_at(5);
    for (int step = 5; step < steps; ++step) run_step(first, second_optimizer, step);
    second_optimizer.settle_all();
    EXPECT_THAT(values_of(first), ElementsAreArray(values_of(whole)));
  }
}

TEST(Optimizer, AZeroGradientMovesNothing) {
  for (const OptimizerOptions& options : test::every_optimizer()) {
    Fixture fixture;
    Optimizer optimizer(options, fixture.model);
    const std::vector<float> before = values_of(fixture);
    optimizer.begin_step();
    optimizer.update_dense(std::vector<float>(fixture.model.dense().size(), 0.0F));
    optimizer.update_row(1, 0, std::vector<float>(dim, 0.0F));
    EXPECT_THAT(values_of(fixture), ElementsAreArray(before));
  }
}

TEST(Optimizer, KnowsTheFirstStepAfterWhichSomethingIsNotFinite) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const OptimizerOptions& options : test::every_optimizer()) {
    const bool has_squares = options.kind != OptimizerKind::sgd;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, 1e30F}) {
      if (bad == 1e30F && !has_squares) continue;  // a large step, and no more
      for (const std::size_t part : {std::size_t{1}, std::size_t{2}}) {
        SCOPED_TRACE(testing::Message()
                     << static_cast<int>(options.kind) << ", " << bad << ", part " << part);
        Fixture fixture;
        Optimizer optimizer(options, fixture.model);
        run_step(fixture, optimizer, 0);
        EXPECT_EQ(optimizer.first_step_not_finite(), 0);
        std::vector<float> gradient(part == 1 ? dim : fixture.model.dense().size(), 0.5F);
        gradient[gradient.size() - 2] = bad;
        optimizer.begin_step();
        if (part == 1) {
          optimizer.update_row(1, 3, gradient);
        } else {
          optimizer.update_dense(gradient);
        }
        EXPECT_EQ(optimizer.first_step_not_finite(), 2);
        run_step(fixture, optimizer, 2);
        EXPECT_EQ(optimizer.first_step_not_finite(), 2);
        optimizer.resume_at(1);
        EXPECT_EQ(optimizer.first_step_not_finite(), 0);
      }
    }
  }
}

/// Where a unit is dead, no gradient reaches a weight that is no number: the update sees it all the same.
TEST(Optimizer, KnowsOfAWeightThatWasNotFiniteBefore) {
  for (const OptimizerOptions& options : test::every_optimizer()) {
    Fixture fixture;
    Optimizer optimizer(options, fixture.model);
    fixture.model.dense().values()[1] = std::numeric_limits<float>::quiet_NaN();
    optimizer.begin_step();
    optimizer.update_dense(std::vector<float>(fixture.model.dense().size(), 0.0F));
    EXPECT_EQ(optimizer.first_step_not_finite(), 1);
  }
}

TEST(Optimizer, AdamRefusesToDecay) {
  Fixture fixture;
  OptimizerOptions options;
  options.kind = OptimizerKind::adam;
  options.weight_decay = 0.1F;
  EXPECT_THROW(Optimizer(options, fixture.model), base::InternalError);
}

}  // namespace
}  // namespace gemel::learning
