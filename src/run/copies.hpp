#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "learning/optimizer.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"

namespace gemel::run {

/// Compares what every rank has a copy of: dense parameters, replicated tables and the optimiser's state of both, by hashes, a pass over
/// memory. Throws AgreedError (internal) where copies differ, naming ranks and a parameter: something has changed bits. `last` is the last
/// checkpoint, if there is one. The optimizer must be settled: until then ranks may be at different rows. Collective.
void require_equal_copies(const model::TwoTower& model, const learning::Optimizer& optimizer,
                          std::int64_t step, const std::filesystem::path& last,
                          mpi::Communicator& communicator);

/// The ranks whose hash is not that of the most ranks, or all ranks where no hash is that of more than half of them.
std::vector<int> ranks_apart(std::span<const std::uint64_t> hashes);

}  // namespace gemel::run
