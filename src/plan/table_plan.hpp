#pragma once

#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "mpi/communicator.hpp"
#include "plan/plan.hpp"

namespace gemel::plan {

/// Decides where the tables of a run are, before they are allocated. `program_bytes` is what a rank had before it read the data.
/// Throws AgreedError (usage) for a wish that cannot be, and when a rank would need more memory than it can have, with the plan and
/// the least number of ranks that would do. Collective.
Plan plan_tables(const TrainingOptions& options, const ingest::TrainingData& data, double program_bytes,
                 mpi::Communicator& communicator);

}  // namespace gemel::plan
