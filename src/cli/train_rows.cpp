#include "cli/train_rows.hpp"

#include <algorithm>
#include <iterator>

#include "cli/common_rows.hpp"
#include "options/training_rows.hpp"

namespace gemel::cli {
namespace {

using options::choice;
using options::text;

/// Those of the command alone. None has an effect on the result.
std::vector<options::Option> command_rows(TrainCommandOptions& o) {
  return {
      spare_ranks_row(
          o.spare_ranks,
          "With rest, those that are more than --lanes rest, too; with work, they are an error. "),
      {"Output", "metrics-file", "FILE",
       "Write every event of the run there as one JSON object a line. A fresh run replaces the file, a "
       "resumed one goes on with it.",
       text(o.metrics_file, "none")},
      {"Output", "progress", "STYLE",
       "What is shown of the run: bar (a line that is redrawn, as wide as the terminal), lines (for files "
       "and batch jobs: one for every epoch, and every 30 seconds where something takes longer), none; auto "
       "is bar on a terminal, and lines elsewhere and under mpirun.",
       choice(o.progress, progress_style_names())},
      log_level_row(o.log_level),
      config_row(o.config),
  };
}

}  // namespace

std::vector<options::Option> train_rows(TrainCommandOptions& o) {
  std::vector<options::Option> rows = options::training_rows(o.training);
  std::ranges::move(command_rows(o), std::back_inserter(rows));
  return rows;
}

}  // namespace gemel::cli
