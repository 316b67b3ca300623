#include "run/divergence.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::run {

void throw_diverged(const std::string& what, std::int64_t step, const TrainingOptions& options,
                    const std::filesystem::path& last) {
  throw mpi::AgreedError(
      base::ExitCode::diverged,
      fmt::format("{}, at step {}; try a --learning-rate below {} or a --temperature above {}{}", what, step,
                  options.optimizer.peak_rate(), options.loss.temperature,
                  last.empty() ? "" : "; the last checkpoint is " + last.string()));
}

}  // namespace gemel::run
