#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ingest/dataset.hpp"
#include "ingest/wanted_columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Adds to the interactions of a data set what a file tells of their users, a line each: the columns that are `wanted`, as add_typed() takes
/// them. `names` are those of the file's columns; where there are none, the first line has them, and one is a usual name of a user's id
/// ("userId", "uid", RecBole's "user_id:token"). Each rank reads about 1/n of the lines, and users meet at the rank that owns the hash of
/// their ids, so no rank has all users. Without
/// a wanted column nothing is read but the first line. Throws AgreedError (data), with file and line, for lines without the right fields, for ids that are
/// empty or twice, and for users of interactions that the file lacks; AgreedError (usage) for a column that interactions have already.
/// Collective.
void join_users(const std::filesystem::path& path, const std::vector<std::string>& names,
                const WantedColumns& wanted, Dataset& dataset, mpi::Communicator& communicator);

}  // namespace gemel::ingest
