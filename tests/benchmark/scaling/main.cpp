// Simulates a step of training on many nodes, one rank each, and writes a line of CSV: launch/scaling.sh runs it under smpirun.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mpi.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numeric>
#include <sstream>
#include <string>

#include "base/error.hpp"
#include "simulated_step.hpp"

namespace gemel::scaling {
namespace {

namespace po = boost::program_options;

struct Settings {
  Job job;
  Speeds speeds;
  double flops_per_second = 0;  ///< of a node
  bool flows = false;           ///< SimGrid's own network moves messages
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
  double gflops = 0;
  double gbits = 0;
  po::options_description options;
  options.add_options()                                                              //
      ("batch-size", po::value(&settings.job.batch_size)->required())                //
      ("users", po::value(&settings.job.users)->required())                          //
      ("items", po::value(&settings.job.items)->required())                          //
      ("layers", po::value(&layers)->required())                                     //
      ("gflops", po::value(&gflops)->required(), "GFLOP/s that a node computes")     //
      ("gbits", po::value(&gbits)->required(), "Gbit/s of a node's link, each way")  //
      ("latency", po::value(&settings.speeds.latency)->required(), "seconds")        //
      ("overhead", po::value(&settings.speeds.overhead)->required(), "seconds")      //
      ("flows", po::bool_switch(&settings.flows), "the platform has the latency and the bandwidth, too");
  po::variables_map values;
  po::store(po::parse_command_line(argc, argv, options), values);
  po::notify(values);
  settings.flops_per_second = gflops * 1e9;
  settings.speeds.bandwidth = gbits * 1e9 / 8;
  settings.job.ranks = ranks;
  settings.job.layers = read_layers(layers);
  return settings;
}

/// The job as the planner wants it; what a batch touches is counted in the first one. Collective.
plan::JobShape shape_of(const Workload& workload, mpi::Communicator& communicator) {
  const Job& job = workload.job();
  std::vector<std::int32_t> items;
  for (int rank = 0; rank < job.ranks; ++rank) {
    const auto of_rank = workload.items(0, rank);
    items.insert(items.end(), of_rank.begin(), of_rank.end());
  }
  exchange::DistinctCandidates candidates(static_cast<std::size_t>(job.items));
  candidates.assign(items);
  const auto slice = exchange::slice_of_lane(candidates.columns(), job.ranks, communicator.rank());

  plan::JobShape shape;
  shape.ranks = shape.lanes = job.ranks;
  shape.batch_size = job.batch_size;
  shape.candidates = job.items;
  shape.vector_width = job.layers.back();
  shape.dense_parameters = all_dense_parameters(job.layers);
  shape.columns = static_cast<double>(candidates.columns());
  for (std::size_t table = 0; table < table_count; ++table) {
    const auto touched = workload.touched_rows(table, 0, communicator.rank(),
                                               candidates.rows().subspan(slice.first, slice.size()));
    plan::TableShape& of_table = shape.tables.emplace_back();
    of_table.name = of_table.feature = table_names[table];
    of_table.rows = workload.rows(table);
    of_table.dim = embedding_dim;
    of_table.row_bytes = 2 * embedding_dim * sizeof(float);
    of_table.touched =
        static_cast<double>(communicator.sum(static_cast<std::int64_t>(touched.size()))) / job.ranks;
  }
  return shape;
}

/// What the planner says that a rank sends in a step, but for the deal, which comes once an epoch.
double planned_bytes(const plan::Plan& plan) {
  return std::accumulate(plan.step_bytes.begin(), plan.step_bytes.end(), 0.0) -
         plan.step_bytes[static_cast<std::size_t>(metering::Traffic::deal)];
}

void run(const Settings& settings, mpi::Communicator& world) {
  const Job& job = settings.job;
  const exchange::LaneLayout layout(job.ranks, job.ranks, world.rank());
  const Workload workload(job);
  const plan::JobShape shape = shape_of(workload, world);
  const plan::Plan planned = plan::make_plan(shape, {});
  open_network(settings.speeds, settings.flows, world);
  Node node(settings.flops_per_second);
  SimulatedStep step(workload, planned, layout, world, node);
  step.gather_first(0);
  world.barrier();
  node.reset();
  const std::int64_t bytes_before = world.bytes_sent();
  const std::int64_t messages_before = messages_sent();
  const double start = now();
  step.run(0);
  const double own_seconds = now() - start;
  const std::int64_t own_bytes = world.bytes_sent() - bytes_before;
  const std::int64_t own_messages = messages_sent() - messages_before;
  step.check_gradients();

  const Spent& spent = node.spent();
  base::require(std::abs(spent.total() - own_seconds) < 1e-3 * own_seconds, "scaling: time was lost");
  const double seconds = world.max(own_seconds);
  const auto mean = [&](double value) {
    return static_cast<double>(world.sum(static_cast<std::int64_t>(value * 1e9))) * 1e-9 / job.ranks;
  };
  const double work = mean(spent.work);
  const double bytes = static_cast<double>(world.sum(own_bytes)) / job.ranks;
  const double messages = static_cast<double>(world.sum(own_messages)) / job.ranks;
  constexpr double rounds = 6;  // of messages that wait for each other
  const double formula = work + planned_bytes(planned) / settings.speeds.bandwidth +
                         2 * messages * settings.speeds.overhead + rounds * settings.speeds.latency;
  const auto sharded =
      std::ranges::count(planned.tables, exchange::Placement::sharded, &plan::Plan::Table::placement);
  std::vector<double> milliseconds;
  for (const double part : {spent.other, spent.messages}) milliseconds.push_back(mean(part) * 1e3);
  using enum metering::Traffic;
  for (const metering::Traffic purpose : {gather, lookup, share, reduce, dense, rows})
    milliseconds.push_back(mean(spent.waiting[static_cast<std::size_t>(purpose)]) * 1e3);
  if (!world.is_root()) return;
  fmt::print("{},{},{},{},{:.0f},{:.0f},{:.0f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}\n", job.ranks,
             job.batch_size, shape.columns, sharded, messages, bytes, planned_bytes(planned), seconds * 1e3,
             formula * 1e3, work / seconds, work * 1e3, fmt::join(milliseconds, ","));
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
