#include "plan/table_plan.hpp"

#include <fmt/format.h>

#include <string>

#include "base/bytes_text.hpp"
#include "base/error.hpp"
#include "base/memory.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"
#include "plan/job_shape.hpp"

namespace gemel::plan {
namespace {

using base::bytes_text;

std::string remedy(const JobShape& job, const PlacementWishes& wishes, double most) {
  PlacementWishes all_sharded;
  all_sharded.all = PlacementWish::sharded;
  if (make_plan(job, all_sharded).total_memory() <= most) return "give --placement sharded";
  if (const int ranks = least_ranks(job, wishes, most); ranks > 0) {
    return fmt::format("{} ranks with as much memory each would do{}", ranks,
                       ranks > job.lanes ? fmt::format(" (with --lanes {})", ranks) : "");
  }
  if (const int ranks = least_ranks(job, all_sharded, most); ranks > 0) {
    return fmt::format("{} ranks with as much memory each and --placement sharded would do{}", ranks,
                       ranks > job.lanes ? fmt::format(" (with --lanes {})", ranks) : "");
  }
  return fmt::format(
      "{} ranks, the most there can be, would not do; make the tables smaller, or give ranks more memory",
      most_lanes);
}

void require_memory(const Plan& plan, const JobShape& job, const PlacementWishes& wishes, double most) {
  if (plan.total_memory() <= most) return;
  std::string tables;
  for (const Plan::Table& table : plan.tables) tables += "\n  " + table.text();
  throw base::UsageError(
      fmt::format("a rank would need {} of memory and can have {}: {}. The plan (trainer plan tells more):{}",
                  bytes_text(plan.total_memory()), bytes_text(most), remedy(job, wishes, most), tables));
}

}  // namespace

Plan plan_tables(const TrainingOptions& options, const ingest::TrainingData& data, double program_bytes,
                 mpi::Communicator& communicator) {
  JobShape job = describe_job(options, data, communicator.size(), {}, communicator);
  job.program_bytes = program_bytes;
  PlacementWishes wishes;
  mpi::agree(communicator, [&] { wishes = read_placements(options.placements, job); });
  Plan plan = make_plan(job, wishes);
  const double most = static_cast<double>(base::resident_memory()) + mpi::memory_left(communicator);
  mpi::agree(communicator, [&] { require_memory(plan, job, wishes, most); });
  return plan;
}

}  // namespace gemel::plan
