#include <dlfcn.h>
#include <gtest/gtest.h>

#include <oneapi/dnnl/dnnl.h>
#include <atomic>
#include <cstdlib>
#include <new>

#include "support/losses.hpp"
#include "support/step_setting.hpp"

namespace {

std::atomic<bool> counting = false;
std::atomic<std::int64_t> allocations = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  if (counting) ++allocations;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, size) != 0) throw std::bad_alloc();
  return memory;
}

}  // namespace

// oneDNN makes a map of its arguments in every call: its own affair, and so is what MPI does. The tests of steps have one thread.
extern "C" dnnl_status_t dnnl_primitive_execute(const_dnnl_primitive_t primitive, dnnl_stream_t stream,
                                                int arguments, const dnnl_exec_arg_t* list) {
  static const auto execute =
      reinterpret_cast<decltype(&dnnl_primitive_execute)>(dlsym(RTLD_NEXT, "dnnl_primitive_execute"));
  const bool was_counting = counting.exchange(false);
  const dnnl_status_t status = execute(primitive, stream, arguments, list);
  counting = was_counting;
  return status;
}

// Of the whole program, libraries in C++ included.
void* operator new(std::size_t size) {
  return allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace gemel::step {
namespace {

/// Allocations of the steps of an epoch, after two that have seen every size: the epochs are equal.
std::int64_t allocations_of_an_epoch(const TrainingOptions& options) {
  test::StepSetting run(options);
  run.learner.deal.deal(0);
  // Two prepared batches take turns, and with an odd number of batches they change places in every epoch.
  for (int epoch = 0; epoch < 2; ++epoch) run.run_epoch();
  allocations = 0;
  counting = true;
  run.run_epoch();
  counting = false;
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
