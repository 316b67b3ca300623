#pragma once

#include "gemel/mpi/communicator.hpp"
#include "gemel/training/options.hpp"
#include "gemel/training/plan.hpp"
#include "gemel/training/training_data.hpp"

namespace gemel::training {

/// Decides where the tables of a run are, before they are allocated. `program_bytes` is what a rank had before it read the data.
/// Throws AgreedError (usage) for a wish that cannot be, and when a rank would need more memory than it can have, with the plan and
/// the least number of ranks that would do. Collective.
Plan plan_tables(const TrainingOptions& options, const TrainingData& data, double program_bytes,
                 mpi::Communicator& communicator);

}  // namespace gemel::training
