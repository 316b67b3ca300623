#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::cli {

/// What ranks do that their nodes have no CPU for, or that are more than there are lanes. As the number of ranks changes no result, they
/// need not work: two that take turns on a CPU are slower than one that has it.
enum class SpareRanks {
  rest,
  work,
};

/// The names that --spare-ranks takes.
std::vector<std::pair<std::string, SpareRanks>> spare_ranks_names();

/// Runs `action` on those of `all` ranks that are to work, with the communicator of these; the others sleep until it has ended. Where
/// spare ones rest, at most `most` work. Rank 0 works. Before any rest, all run `before_rest`. Returns the action's exit code on every rank; throws the action's AgreedError on ranks that work. Collective.
int on_working_ranks(
    mpi::Communicator& all, SpareRanks spare, std::int64_t most,
    const std::function<int(mpi::Communicator&)>& action, const std::function<void()>& before_rest = [] {});

}  // namespace gemel::cli
