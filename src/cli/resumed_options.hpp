#pragma once

#include "gemel/options.hpp"
#include "mpi/communicator.hpp"
#include "options/option_table.hpp"

namespace gemel::cli {

/// Reads the options of the run to resume, if --resume was given, into `table`, which is bound to `options` and has read what the user
/// gives: data, settings and how long the run goes on. Where the user names data the run is described anew, and nothing is read. With
/// --resume auto the checkpoint is looked for here, once, and options.checkpoint.resume names it then.
///
/// Throws AgreedError: (checkpoint) as newest_sound and CheckpointReader; (usage) when the checkpoint does not say where its data is.
/// Collective.
void read_resumed_options(TrainingOptions& options, options::OptionTable& table,
                          mpi::Communicator& communicator);

}  // namespace gemel::cli
