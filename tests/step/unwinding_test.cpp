#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "replaced/replaced_calls.hpp"
#include "support/step_setting.hpp"

namespace gemel::step {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double patience = 2;  // seconds after which mpi::Pending would give up

std::atomic<std::int64_t> products = 0;
std::atomic<std::int64_t> failing_product = 0;  // from 1
std::atomic<bool> is_late = false;

/// Each rank is one lane, so that all compute as many products, and messages are so small that MPI takes them at once.
TrainingOptions small_run() {
  TrainingOptions options;
  options.data.synthetic.interactions = 4000;
  options.batch_size = 512;
  options.lanes = mpi::Communicator::world().size();
  options.model.layers = {4};
  options.model.embedding_dim = 2;
  options.placements = {"user_id=sharded"};
  return options;
}

/// Two steps, the products of which are counted. The last rank is late at each, if that is asked for, and product `failing_product`
/// fails on all ranks.
struct UnwindingTest : testing::Test {
  UnwindingTest() {
    products = 0;
    failing_product = 0;
    is_late = false;
    test::before_primitive = [] {
      if (is_late) std::this_thread::sleep_for(std::chrono::milliseconds(3));
      return ++products != failing_product;
    };
  }
  ~UnwindingTest() override { test::before_primitive = nullptr; }

  static std::vector<double> losses_of_two_steps() {
    test::StepSetting run(small_run());
    run.learner.deal.deal(0);
    run.learner.step.run(0, 0, run.losses);
    run.learner.step.run(1, 0, run.losses);
    return run.losses;
  }

  /// Of a step that ends in an exception: seconds until all of it is gone.
  static double unwind() {
    Clock::time_point thrown;
    try {
      test::StepSetting run(small_run());
      run.learner.deal.deal(0);
      try {
        run.learner.step.run(0, 0, run.losses);
        run.learner.step.run(1, 0, run.losses);
        ADD_FAILURE() << "no product failed";
      } catch (...) {
        thrown = Clock::now();
        throw;  // while it passes, the setting goes
      }
    } catch (const base::Error& error) {
      EXPECT_STREQ(error.what(), "onednn: a matrix product failed");
    }
    return std::chrono::duration<double>(Clock::now() - thrown).count();
  }

  mpi::Communicator world = mpi::Communicator::world();
};

TEST_F(UnwindingTest, AStepThatAllRanksLeaveByAnExceptionLeavesNothingBehind) {
  const std::vector<double> before = losses_of_two_steps();
  const std::int64_t all = products;
  EXPECT_EQ(world.min(all), world.max(all));
  EXPECT_GT(all, 10);
  is_late = world.rank() == world.size() - 1;
  for (std::int64_t number = 1; number <= all; number += std::max<std::int64_t>(1, all / 8)) {
    products = 0;
    failing_product = number;
    test::keep_deleted_memory();
    EXPECT_LT(unwind(), patience) << "product " << number << " of " << all;
    world.barrier();
    EXPECT_EQ(test::free_deleted_memory(), 0) << "product " << number << " of " << all;
  }
  failing_product = 0;
  is_late = false;
  EXPECT_EQ(losses_of_two_steps(), before);
}

}  // namespace
}  // namespace gemel::step
