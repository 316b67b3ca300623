#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "ingest/wanted_columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Adds to the interactions of a data set what a file tells of their users, a line each: the columns that are `wanted`, as add_typed() takes
/// them. The file is read as table_layout() says. Each rank reads about 1/n of the lines, and users meet at the rank that owns the hash of
/// their ids, so no rank has all users. Without
/// a wanted column nothing is read but the first line. Throws AgreedError (data), with file and line, for lines without the right fields, for ids that are
/// empty or twice, unless they are to be skipped, and for users of interactions that the file lacks; AgreedError (usage) for a column that interactions have already.
/// Collective.
void join_users(const std::filesystem::path& path, const std::vector<std::string>& names,
                const WantedColumns& wanted, BadLines bad_lines, Dataset& dataset,
                mpi::Communicator& communicator);

}  // namespace gemel::ingest
