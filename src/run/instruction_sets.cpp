#include "run/instruction_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.hpp"
#include "base/instruction_level.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"
#include "onednn/runtime.hpp"

namespace gemel::run {
namespace {

/// Ranks that compute alike.
struct Group {
  std::string set;
  int first_rank = 0;
  std::string first_host;
  int ranks = 0;
};

}  // namespace

std::string instruction_set() {
  return fmt::format("{} with {}, own loops with {}", onednn::Runtime::version(),
                     onednn::Runtime::instruction_set(), base::instruction_level());
}

void require_one_instruction_set(mpi::Communicator& communicator) {
  const std::vector<std::string> sets = communicator.all_gather(instruction_set());
  if (std::ranges::count(sets, sets.front()) == communicator.size()) return;
  const std::vector<std::string> hosts = communicator.all_gather(mpi::Environment::host_name());
  std::vector<Group> groups;
  for (std::size_t rank = 0; rank < sets.size(); ++rank) {
    auto group = std::ranges::find(groups, sets[rank], &Group::set);
    if (group == groups.end())
      group = groups.insert(group, {sets[rank], static_cast<int>(rank), hosts[rank], 0});
    ++group->ranks;
  }
  std::string listed;
  for (const Group& group : groups) {
    fmt::format_to(std::back_inserter(listed), "\n  rank {} on {}{}: {}", group.first_rank, group.first_host,
                   group.ranks > 1 ? fmt::format(" and {} more", group.ranks - 1) : "", group.set);
  }
  throw mpi::AgreedError(
      base::ExitCode::usage,
      fmt::format(
          "the ranks have different instruction sets, so that their copies of the model would drift apart. "
          "Start them on nodes of one kind; where only oneDNN's set differs, the lowest for all of them "
          "does, such as mpirun -x ONEDNN_MAX_CPU_ISA=AVX2:{}",
          listed));
}

}  // namespace gemel::run
