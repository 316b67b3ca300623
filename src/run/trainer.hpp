#pragma once

#include <memory>

#include "gemel/options.hpp"
#include "mpi/communicator.hpp"
#include "report/observer.hpp"
#include "run/earlier_checkpoint.hpp"

namespace gemel::run {

/// Reads the data, trains, evaluates and writes checkpoints, as `options` say. `on_root` is told how it goes, on root only.
/// `earlier` is the checkpoint to resume from, where it was opened to read `options`.
/// Everything that the run computes is the same, bit for bit, for every number of ranks up to options.lanes and of threads.
///
/// Throws AgreedError on all ranks for what they all know of: unusable options (usage), data (data), checkpoints (checkpoint), a
/// loss that is not finite (diverged), and, with the code `interrupted`, when a signal ended the training after a checkpoint was
/// written. Any other exception on one rank of several ends the job of all of them (mpi::or_end_job). Collective.
void train(const TrainingOptions& options, mpi::Communicator& communicator, report::Observer& on_root,
           std::unique_ptr<EarlierCheckpoint> earlier = nullptr);

}  // namespace gemel::run
