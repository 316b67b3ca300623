#include "cli/train_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <iterator>
#include <utility>

#include "base/log.hpp"
#include "options/training_rows.hpp"

namespace gemel::cli {
namespace {

using options::choice;
using options::text;

std::vector<std::pair<std::string, std::string>> log_level_names() {
  std::vector<std::string> levels;
  boost::algorithm::split(levels, base::log_levels, boost::algorithm::is_any_of(", "),
                          boost::algorithm::token_compress_on);
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string& level : levels) names.emplace_back(level, level);
  return names;
}

/// Those of the command alone. None has an effect on the result.
std::vector<options::Option> command_rows(TrainCommandOptions& o) {
  return {
      {"Ranks and lanes", "spare-ranks", "WHAT",
       "What ranks do that their nodes have no CPU for: rest, as taking turns on a CPU is slower, or work. "
       "With rest, those that are more than --lanes rest, too; with work, they are an error. Changes no "
       "result.",
       choice(o.spare_ranks, spare_ranks_names())},
      {"Output", "metrics-file", "FILE",
       "Write every event of the run there as one JSON object a line. A fresh run replaces the file, a "
       "resumed one goes on with it.",
       text(o.metrics_file, "none")},
      {"Output", "progress", "STYLE",
       "What is shown of the run: bar (a line that is redrawn, as wide as the terminal), lines (for files "
       "and batch jobs: one for every epoch, and every 30 seconds where something takes longer), none; auto "
       "is bar on a terminal, and lines elsewhere and under mpirun.",
       choice(o.progress, progress_style_names())},
      {"Output", "log-level", "LEVEL",
       fmt::format("Least severe messages shown: {}. With debug the start of a run shows every setting, "
                   "else those that are not the defaults.",
                   base::log_levels),
       choice(o.log_level, log_level_names())},
      {"General", "config", "FILE.ini",
       "Read options from a file of lines like epochs = 300. The command line wins over the file.",
       text(o.config, "none")},
  };
}

}  // namespace

std::vector<options::Option> train_rows(TrainCommandOptions& o) {
  std::vector<options::Option> rows = options::training_rows(o.training);
  std::ranges::move(command_rows(o), std::back_inserter(rows));
  return rows;
}

}  // namespace gemel::cli
