// Simulates steps of training on many nodes, one rank each, and writes one line of CSV: launch/scaling.sh runs it under smpirun.

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>
#include <exception>
#include <numeric>
#include <sstream>
#include <string>

#include "gemel/base/error.hpp"
#include "simulated_step.hpp"

namespace gemel::scaling {
namespace {

namespace po = boost::program_options;

// Of messages that wait for each other: ids, rows, share, reduce, counts, gradients, dense sum and gather.
constexpr double rounds = 8;

struct Settings {
  Job job;
  std::string scaling;
  bool models_cards = false;
  double bandwidth = 0;  // bytes a second
  double latency = 0;    // seconds
};

std::vector<std::size_t> read_layers(const std::string& text) {
  std::vector<std::size_t> layers;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) layers.push_back(std::stoul(word));
  base::require(!layers.empty(), "scaling: no layers");
  return layers;
}

Settings read_settings(int argc, char** argv, int ranks) {
  Settings settings;
  std::string layers;
  std::int64_t examples_per_node = 0;
  po::options_description options;
  options.add_options()                                                                             //
      ("scaling", po::value(&settings.scaling)->required())                                         //
      ("batch-size", po::value(&settings.job.batch_size)->default_value(0))                         //
      ("examples-per-node", po::value(&examples_per_node)->default_value(0))                        //
      ("threads", po::value(&settings.job.threads)->default_value(1))                               //
      ("users", po::value(&settings.job.users)->required())                                         //
      ("items", po::value(&settings.job.items)->required())                                         //
      ("layers", po::value(&layers)->required())                                                    //
      ("bandwidth", po::value(&settings.bandwidth)->required(), "bytes a second of a node's link")  //
      ("model-cards", po::bool_switch(&settings.models_cards))(
          "latency", po::value(&settings.latency)->required(), "seconds from node to node")              //
      ("overhead", po::value(&settings.job.overhead)->required(), "seconds to begin or end a message");  //
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, options), values);
  po::notify(values);
  settings.job.ranks = ranks;
  settings.job.lanes = std::max(ranks * settings.job.threads, 8);
  if (examples_per_node > 0) settings.job.batch_size = examples_per_node * ranks;
  if (settings.models_cards) settings.job.bandwidth = settings.bandwidth;
  settings.job.layers = read_layers(layers);
  return settings;
}

std::int64_t total_bytes(const StepCounts& counts) {
  return std::accumulate(counts.bytes.begin(), counts.bytes.end(), std::int64_t{0});
}

void run(const Settings& settings, mpi::Communicator& world) {
  const Job& job = settings.job;
  const exchange::LanePlan plan(job.lanes, world.size(), world.rank());
  const Workload workload(job);
  const training::JobShape shape = shape_of(job, workload, plan, world);
  const training::Plan planned = training::make_plan(shape, {});
  SimulatedStep step(job, workload, planned, plan, world);
  step.run(0);  // the first step of an epoch gathers its own batch, too
  const StepCounts counts = step.run(1);
  step.drain();

  const double seconds = world.max(counts.seconds);
  const double compute = world.max(counts.compute_seconds);
  const std::int64_t bytes = world.sum(total_bytes(counts));
  const std::int64_t messages = world.max(counts.messages);
  // What the planner says of a step, the deal apart, which comes once an epoch.
  double planned_bytes = 0;
  for (const double kind : planned.step_bytes) planned_bytes += kind;
  planned_bytes -= planned.step_bytes[static_cast<std::size_t>(training::Traffic::deal)];
  const double predicted = planned_bytes / settings.bandwidth +
                           2 * static_cast<double>(messages) * job.overhead + rounds * settings.latency;
  const auto sharded =
      std::ranges::count(planned.tables, exchange::Placement::sharded, &training::Plan::Table::placement);
  if (!world.is_root()) return;
  fmt::print("{},{},{:.0f},{},{},{:.0f},{},{:.6f},{:.6f},{:.6f},{:.6f},{},{:.0f},{:.0f}\n", settings.scaling,
             job.ranks, settings.bandwidth * 8e-9, job.batch_size, job.lanes, shape.columns, sharded, seconds,
             compute, seconds - compute, predicted, messages, static_cast<double>(bytes) / job.ranks,
             planned_bytes);
  std::fflush(stdout);
}

}  // namespace
}  // namespace gemel::scaling

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);  // not mpi::Environment, which wants threads: SimGrid offers none
  try {
    auto world = gemel::mpi::Communicator::world();
    gemel::scaling::run(gemel::scaling::read_settings(argc, argv, world.size()), world);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "gemel: error: %s\n", error.what());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  MPI_Finalize();
}
