#pragma once

#include <filesystem>
#include <string>

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Writes prepared data (ingest/prepared_format.hpp), whole or not at all. Its split is kept with it where dataset.stored_split has one. `made_by` is for people. Throws AgreedError (output) where it cannot be
/// written, or where there is a file of that name that is not to be replaced, and (data) for 2^31 distinct texts or more in a column.
/// Collective.
void write_prepared(const std::filesystem::path& path, const Dataset& dataset, const std::string& made_by,
                    bool replace, mpi::Communicator& communicator);

}  // namespace gemel::ingest
