#include "run/divergence.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::run {
namespace {

std::string remedy(const TrainingOptions& options) {
  if (options.optimizer.kind == OptimizerKind::als) {
    return fmt::format("an --als-alpha below {} or an --als-regularization above {}",
                       options.least_squares.alpha, options.least_squares.regularization);
  }
  return fmt::format("a --learning-rate below {} or a --temperature above {}", options.optimizer.peak_rate(),
                     options.loss.temperature);
}

}  // namespace

void throw_diverged(const std::string& what, std::int64_t step, const TrainingOptions& options,
                    const std::filesystem::path& last) {
  throw mpi::AgreedError(base::ExitCode::diverged,
                         fmt::format("{}, at step {}; try {}{}", what, step, remedy(options),
                                     last.empty() ? "" : "; the last checkpoint is " + last.string()));
}

}  // namespace gemel::run
