#pragma once

#include <cstdint>

namespace gemel::test {

/// Bytes that this process has handed to MPI for other ranks since the program began: counted at MPI's own doors by its profiling
/// interface, apart from what gemel says of itself. A collective's buffer counts once for each other rank that it is meant for.
std::int64_t sent_bytes();

}  // namespace gemel::test
