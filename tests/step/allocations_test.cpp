#include <gtest/gtest.h>

#include <atomic>

#include "replaced/replaced_calls.hpp"
#include "support/losses.hpp"
#include "support/step_setting.hpp"

namespace gemel::step {
namespace {

std::atomic<std::int64_t> allocations = 0;

/// Allocations of the steps of an epoch, after two that have seen every size: the epochs are equal.
std::int64_t allocations_of_an_epoch(const TrainingOptions& options) {
  test::StepSetting run(options);
  run.learner.deal.deal(0);
  // Two prepared batches take turns, and with an odd number of batches they change places in every epoch.
  for (int epoch = 0; epoch < 2; ++epoch) run.run_epoch();
  allocations = 0;
  test::before_allocation = [] { allocations += test::is_in_primitive() ? 0 : 1; };
  run.run_epoch();
  test::before_allocation = nullptr;
  return allocations;
}

TrainingOptions small_run() {
  TrainingOptions options;
  options.data.synthetic.interactions = 6000;
  options.batch_size = 512;
  options.model.layers = {16, 8};
  return options;
}

TEST(AllocationsTest, StepsOfReplicatedTablesAllocateNothing) {
  TrainingOptions options = small_run();
  options.placements = {"replicated"};
  EXPECT_EQ(allocations_of_an_epoch(options), 0);
}

TEST(AllocationsTest, StepsOfShardedTablesAllocateNothing) {
  TrainingOptions options = small_run();
  options.placements = {"sharded"};
  EXPECT_EQ(allocations_of_an_epoch(options), 0);
}

TEST(AllocationsTest, ClippingAndDecayAllocateNothing) {
  TrainingOptions options = small_run();
  options.optimizer.kind = OptimizerKind::adamw;
  options.optimizer.weight_decay = 0.1F;
  options.optimizer.clip_norm = 10;
  EXPECT_EQ(allocations_of_an_epoch(options), 0);
}

TEST(AllocationsTest, LossesAllocateNothing) {
  for (LossOptions loss : test::more_losses()) {
    TrainingOptions options = small_run();
    options.loss = loss;
    EXPECT_EQ(allocations_of_an_epoch(options), 0);
    options.data.weight_column = "rating";
    EXPECT_EQ(allocations_of_an_epoch(options), 0);
  }
}

TEST(AllocationsTest, ModelsAndRegularisationAllocateNothing) {
  TrainingOptions options = small_run();
  options.model.normalize = true;
  options.model.item_bias = true;
  options.model.dropout = 0.1F;
  options.model.query_dropout = 0.1F;
  options.model.candidate_dropout = 0.1F;
  options.optimizer.embedding_l2 = 0.01F;
  options.optimizer.average_decay = 0.9F;
  EXPECT_EQ(allocations_of_an_epoch(options), 0);
}

}  // namespace
}  // namespace gemel::step
