#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// "-" is standard input.
std::filesystem::path readable_path(const std::string& given);

/// The ids of a file, one a line, each once, in their order; the same on every rank. Blanks around an id and empty lines do not count;
/// root says how many ids stood there several times. Throws AgreedError (data) for what is no text and for a file without ids. Collective.
ingest::StringColumn read_id_lines(const std::string& path, mpi::Communicator& communicator);

}  // namespace gemel::serving
