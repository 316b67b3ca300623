#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "mpi/communicator.hpp"
#include "options/train_option_rows.hpp"

namespace gemel::cli {

/// Runs `action` on those of `all` ranks that are to work, with the communicator of these; the others sleep until it has ended. Where
/// spare ones rest, at most `most` work. Rank 0 works. Before any rest, all run `before_rest`. Returns the action's exit code on every rank; throws the action's AgreedError on ranks that work. Collective.
int on_working_ranks(
    mpi::Communicator& all, options::SpareRanks spare, std::int64_t most,
    const std::function<int(mpi::Communicator&)>& action, const std::function<void()>& before_rest = [] {});

}  // namespace gemel::cli
