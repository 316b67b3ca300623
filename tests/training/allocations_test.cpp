#include <dlfcn.h>
#include <gtest/gtest.h>

#include <oneapi/dnnl/dnnl.h>
#include <atomic>
#include <cstdlib>
#include <new>

#include "gemel/training/job_shape.hpp"
#include "gemel/training/training_step.hpp"

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

namespace gemel::training {
namespace {

/// Allocations of an epoch, after one that has seen every size: the epochs are equal.
std::int64_t allocations_of_an_epoch(const TrainingOptions& options) {
  auto world = mpi::Communicator::world();
  TrainingData data = prepare_data(options, world);
  const JobShape job = describe_job(options, data, world.size(), {}, world);
  const Plan plan = make_plan(job, read_placements(options.placements, job));
  const exchange::LanePlan lanes(options.lanes, world.size(), world.rank());
  const exchange::LaneTeam team(options.threads);
  onednn::Runtime runtime(options.threads);
  model::TwoTower model(data.query_features, data.candidate_features, options.model, options.seed,
                        plan.placements(world.rank()));
  learning::InBatchSoftmax loss(options.loss, data.item_counts, options.seed, model.dense());
  learning::Optimizer optimizer(options.optimizer, model);
  ingest::EpochDeal deal(lanes, world, std::move(data.train), std::move(data.train_numbers),
                         data.identity.train_examples, options.batch_size, options.seed);
  base::PhaseTimer timer;
  TrafficMeter traffic(world);
  TrainingStep step(
      {lanes, world, team, runtime, deal, data.catalogue, model, loss, optimizer, timer, traffic});
  std::vector<double> losses(static_cast<std::size_t>(lanes.lanes.size()), 0.0);
  const auto run_epoch = [&] {
    for (std::int64_t batch = 0; batch < deal.batches(); ++batch) step.run(batch, 0, losses);
  };
  deal.deal(0);
  // Two prepared batches take turns, and with an odd number of batches they change places in every epoch.
  for (int epoch = 0; epoch < 2; ++epoch) run_epoch();
  allocations = 0;
  counting = true;
  run_epoch();
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
  options.optimizer.kind = learning::OptimizerKind::adamw;
  options.optimizer.weight_decay = 0.1F;
  options.optimizer.clip_norm = 10;
  EXPECT_EQ(allocations_of_an_epoch(options), 0);
}

}  // namespace
}  // namespace gemel::training
