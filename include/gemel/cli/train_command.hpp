#pragma once

#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "gemel/mpi/communicator.hpp"
#include "gemel/training/observer.hpp"
#include "gemel/training/options.hpp"

namespace gemel::cli {

/// What trains: training::train, or a stand-in in tests.
using Trainer = std::function<void(const training::TrainingOptions&, mpi::Communicator&,
                                   training::Observer& on_root_only)>;

/// `trainer train`: reads the options, opens what is written on the way, trains. Returns the exit code: 0, or
/// 6 when a signal ended the training after a checkpoint. Throws AgreedError for what all ranks know.
/// Collective.
int train_command(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out);

/// The same with another trainer.
int train_command(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out,
                  const Trainer& trainer);

/// `trainer train --help`.
std::string train_help();

}  // namespace gemel::cli
