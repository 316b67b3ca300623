// A training in which one rank fails alone, in the middle of a step or an evaluation, while exchanges are under way.
//   lone_failure RANK product|allocation NUMBER THREADS DIRECTORY|steps
//   lone_failure RANK message inside|outside
// That matrix product of the rank fails, or that allocation after its first product; 1 is the first. Where the training needs fewer,
// the program ends with 0. With `steps` there are steps without a trainer around them: nothing ends the job before the exception has
// unwound them, whatever they have under way. Or, instead of a training: the rank fails while it waits for a message that nobody will ever send, in an
// object made inside or outside of what mpi::or_end_job runs.
#include <atomic>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "mpi/communicator.hpp"
#include "mpi/environment.hpp"
#include "mpi/lone_failure.hpp"
#include "mpi/pending.hpp"
#include "replaced/replaced_calls.hpp"
#include "run/trainer.hpp"
#include "support/step_setting.hpp"

using namespace gemel;

namespace {

// What is left until the failure, which included; 0: none comes.
std::atomic<long> products_left = 0;
std::atomic<long> allocations_left = 0;
std::atomic<bool> has_computed = false;

/// Whether this one is the one that fails.
bool fails(std::atomic<long>& left) {
  return left > 0 && --left == 0;
}

void wait_in_vain(int failing, bool is_inside, mpi::Communicator& world) {
  std::vector<int> word(1);
  mpi::Pending outside;
  mpi::or_end_job(world, [&] {
    mpi::Pending inside;
    if (world.rank() == failing) {
      world.start_receiving((failing + 1) % world.size(), std::span(word), is_inside ? inside : outside);
      throw base::InternalError("a message is waited for in vain");
    }
    world.receive_message(failing, 0, word);
  });
}

TrainingOptions small_run(int threads) {
  TrainingOptions options;
  options.data.synthetic.interactions = 4000;
  options.batch_size = 400;
  options.epochs = 2;
  options.validate_every = 1;
  options.model.layers = {16};
  options.placements = {"user_id=sharded"};
  options.threads = threads;
  return options;
}

void train(const char* directory, int threads, mpi::Communicator& world) {
  TrainingOptions options = small_run(threads);
  options.checkpoint.directory = directory;
  report::Observer nobody;
  run::train(options, world, nobody);
}

void run_steps(int threads) {
  test::StepSetting run(small_run(threads));
  run.learner.deal.deal(0);
  run.run_epoch();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 2 ? argv[2] : "";
  if (argc != (kind == "message" ? 4 : 6)) return 2;
  mpi::Environment environment(argc, argv);
  auto world = mpi::Communicator::world();
  const int failing = std::stoi(argv[1]);
  test::before_primitive = [] {
    const bool is_well = !fails(products_left);
    has_computed = has_computed || is_well;
    return is_well;
  };
  test::before_allocation = [] {
    if (has_computed && fails(allocations_left)) throw std::bad_alloc();
  };
  try {
    if (kind == "message") {
      wait_in_vain(failing, argv[3] == std::string("inside"), world);
      return 0;
    }
    if (world.rank() == failing) (kind == "product" ? products_left : allocations_left) = std::stol(argv[3]);
    const int threads = std::stoi(argv[4]);
    if (argv[5] == std::string("steps")) {
      run_steps(threads);
    } else {
      train(argv[5], threads, world);
    }
  } catch (...) {  // as the trainer does: what the exception has passed is unwound by now
    mpi::end_job(world.rank(), std::current_exception());
  }
  return 0;
}
