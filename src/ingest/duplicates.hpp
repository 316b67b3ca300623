#pragma once

#include <string>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The column that is added up where none is named.
inline constexpr const char* count_column = "count";

/// Leaves one of the interactions of each user with each item, as DataOptions::filters.duplicates says; where the data comes split, of
/// those of each part. With `sum` the column of `weight_column`, or else count_column, is added up; a column count that the data lacks is made:
/// how many there were. Throws AgreedError (usage) when there is no such column of numbers. The same for any number of ranks: decimals are
/// added in the order of time. Returns the name of the column that was added up, if one was. Collective.
std::string merge_duplicates(Duplicates duplicates, const std::string& weight_column, Dataset& dataset,
                             mpi::Communicator& communicator);

}  // namespace gemel::ingest
