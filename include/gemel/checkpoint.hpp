#pragma once

#include <string>

#include "gemel/export.hpp"

namespace gemel {

// Of checkpoints, by their paths; a directory stands for its newest sound one. The process reads them alone and starts no MPI.
// CheckpointError for what is not there or not sound.

/// What is in a checkpoint, as the JSON of `trainer inspect --json`.
GEMEL_API std::string inspect(const std::string& path);

/// How two checkpoints differ, as the JSON of `trainer diff --json`; "equal" says whether they do.
GEMEL_API std::string diff(const std::string& a, const std::string& b);

/// Reads a checkpoint to the end, as `trainer verify` does: throws unless it is complete, has its checksums and holds finite parameters.
GEMEL_API void verify(const std::string& path);

}  // namespace gemel
