#pragma once

#include <string>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Adds a column of texts as what it holds: whole numbers, if all texts of all ranks are such as they would be written, numbers with decimals,
/// if all are finite numbers (none begins with a 0 that says nothing), or else text. Of columns that every rank has whole, give
/// Communicator::self(). Collective.
void add_typed(const std::string& name, TextColumn texts, Columns& columns, mpi::Communicator& communicator);

}  // namespace gemel::ingest
