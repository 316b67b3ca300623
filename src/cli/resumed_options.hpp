#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gemel/options.hpp"
#include "mpi/communicator.hpp"
#include "options/option_table.hpp"
#include "run/earlier_checkpoint.hpp"

namespace gemel::cli {

/// Whether the user says which data it is.
bool names_data(const options::OptionTable& table);
/// Which data it was: "--data /data/ml-100k"; of a checkpoint of an older version nothing.
std::string source_of(const std::vector<options::SavedOption>& saved);

/// Reads the options of the run to resume, if --resume was given, into `table`, which is bound to `options` and has read what the user
/// gives: data, settings and how long the run goes on. Where the user names data the run is described anew, and nothing is read. With
/// --resume auto the checkpoint is looked for here, once, and options.checkpoint.resume names it then. Returns the checkpoint, where it
/// was opened, for the run that goes on from it.
///
/// Throws AgreedError: (checkpoint) as EarlierCheckpoint::open; (usage) when the checkpoint does not say where its data is.
/// Collective.
std::unique_ptr<run::EarlierCheckpoint> read_resumed_options(TrainingOptions& options,
                                                             options::OptionTable& table,
                                                             mpi::Communicator& communicator);

}  // namespace gemel::cli
