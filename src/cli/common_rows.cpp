#include "cli/common_rows.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace gemel::cli {
namespace {

std::vector<std::pair<std::string, std::string>> log_level_names() {
  std::vector<std::string> levels;
  boost::algorithm::split(levels, base::log_levels, boost::algorithm::is_any_of(", "),
                          boost::algorithm::token_compress_on);
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string& level : levels) names.emplace_back(level, level);
  return names;
}

}  // namespace

options::Option spare_ranks_row(SpareRanks& field, const std::string& more) {
  return {"Ranks and lanes", "spare-ranks", "WHAT",
          fmt::format("What ranks do that their nodes have no CPU for: rest, as taking turns on a CPU is "
                      "slower, or work. {}Changes no result.",
                      more),
          options::choice(field, spare_ranks_names())};
}

options::Option log_level_row(std::string& field) {
  return {"Output", "log-level", "LEVEL",
          fmt::format("Least severe messages shown: {}. With debug the start of a run shows every setting, "
                      "else those that are not the defaults.",
                      base::log_levels),
          options::choice(field, log_level_names())};
}

options::Option config_row(std::string& field) {
  return {"General", "config", "FILE.ini",
          "Read options from a file of lines like epochs = 300. The command line wins over the file.",
          options::text(field, "none")};
}

}  // namespace gemel::cli
