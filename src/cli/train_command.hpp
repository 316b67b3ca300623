#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "gemel/options.hpp"
#include "mpi/communicator.hpp"
#include "report/observer.hpp"
#include "run/earlier_checkpoint.hpp"

namespace gemel::cli {

/// What trains: run::train, or a stand-in in tests.
using Trainer = std::function<void(const TrainingOptions&, mpi::Communicator&, report::Observer& on_root_only,
                                   std::unique_ptr<run::EarlierCheckpoint> earlier)>;

/// `trainer train` by that trainer: reads the options, opens what is written on the way, trains. Returns the exit code: 0, or 6 when a
/// signal ended the training after a checkpoint. Throws AgreedError for what all ranks know. Collective.
int run_train(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out,
              const Trainer& trainer);

/// `trainer train --help`.
std::string train_help();

}  // namespace gemel::cli
