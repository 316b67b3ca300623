#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "mpi/communicator.hpp"
#include "plan/plan.hpp"

namespace gemel::plan {

/// Sizes that are planned for instead of those of the data: the user has no such data yet, or not here.
struct DeclaredSizes {
  std::map<std::string, std::int64_t> table_rows;  ///< by name of the table
  std::int64_t interactions = 0;                   ///< 0: those of the data
  std::int64_t items = 0;                          ///< 0: those of the data
};

/// The sizes of a job on `ranks` ranks, but for what the program itself takes. How many rows and columns a step touches is counted in a
/// few batches drawn from all examples; a table or a catalogue of declared size is taken to be touched evenly. The same on every rank, and for
/// every number of ranks of the communicator. Collective.
JobShape describe_job(const TrainingOptions& options, const ingest::TrainingData& data, int ranks,
                      const DeclaredSizes& declared, mpi::Communicator& communicator);

}  // namespace gemel::plan
