#include "cli/spare_ranks.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <span>
#include <thread>

#include "base/cpus.hpp"
#include "base/place.hpp"
#include "mpi/agreement.hpp"
#include "mpi/pending.hpp"

namespace gemel::cli {
namespace {

constexpr auto nap = std::chrono::milliseconds(20);

/// Whether this rank's node has a CPU for it beside those of the ranks before it. Collective.
bool has_own_cpu(mpi::Communicator& all) {
  mpi::Communicator node = all.on_this_node();
  const std::vector<base::CpuSet> allowed = node.all_gather(base::allowed_cpus());
  return base::have_own_cpu(allowed, base::cpu_quota())[static_cast<std::size_t>(node.rank())];
}

/// Sleeps until all ranks, those that work included, have come here. Returns rank 0's exit code. Collective.
int end_together(mpi::Communicator& all, int exit_code) {
  mpi::Pending end;
  all.start_barrier(end);
  while (!end.progress()) std::this_thread::sleep_for(nap);
  all.broadcast(std::span(&exit_code, 1));
  return exit_code;
}

}  // namespace

std::vector<std::pair<std::string, SpareRanks>> spare_ranks_names() {
  return {{"rest", SpareRanks::rest}, {"work", SpareRanks::work}};
}

int on_working_ranks(mpi::Communicator& all, SpareRanks spare, std::int64_t most,
                     const std::function<int(mpi::Communicator&)>& action,
                     const std::function<void()>& before_rest) {
  if (spare == SpareRanks::work || all.size() == 1) return action(all);
  const bool has_cpu = has_own_cpu(all);
  const std::int64_t cpus = all.sum(has_cpu ? 1 : 0);
  const bool works = has_cpu && all.sum_before(has_cpu ? 1 : 0) < most;
  mpi::Communicator alike = all.split(works ? 1 : 0);
  if (alike.size() == all.size()) return action(all);
  before_rest();
  base::Place::of_process().set_resting(!works);
  if (!works) return end_together(all, 0);
  if (all.is_root()) {
    spdlog::warn(
        "{} of {} ranks work and the others rest: {}", alike.size(), all.size(),
        cpus <= most
            ? std::string("there are CPUs for no more, and more would be slower. The result is the same; "
                          "--spare-ranks work lets all of them work")
            : fmt::format("there are no more lanes to compute (--lanes {}). The result is the same", most));
  }
  try {
    return end_together(all, action(alike));
  } catch (const mpi::AgreedError& error) {  // action's: the ranks that rest do not know of it
    end_together(all, static_cast<int>(error.code()));
    throw;
  }
}

}  // namespace gemel::cli
