#include "ingest/row_numbers.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {

void require_numbers(std::size_t rows_here, std::string_view what, mpi::Communicator& communicator) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  const std::int64_t rows = communicator.max(static_cast<std::int64_t>(rows_here));
  if (rows <= most) return;
  throw mpi::AgreedError(base::ExitCode::usage,
                         fmt::format("a rank has {} {}, and can number {} of them; start {} ranks or more",
                                     rows, what, most, (rows / most + 1) * communicator.size()));
}

}  // namespace gemel::ingest
