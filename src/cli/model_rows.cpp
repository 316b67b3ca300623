#include "cli/model_rows.hpp"

#include "cli/common_rows.hpp"

namespace gemel::cli {

std::vector<options::Option> reading_rows(ModelCommandOptions& o) {
  return {
      options::Option{"Model", "checkpoint", "CHECKPOINT",
                      "A checkpoint, or a directory of checkpoints: its newest sound one.",
                      options::text(o.checkpoint, "none")}
          .as_argument(),
      spare_ranks_row(o.spare_ranks),
      log_level_row(o.log_level),
      config_row(o.config),
  };
}

std::vector<options::Option> model_rows(ModelCommandOptions& o) {
  std::vector<options::Option> rows = reading_rows(o);
  rows.insert(rows.begin() + 1,
              {"Ranks and lanes", "threads", "N", "Threads of every rank. Changes no result.",
               options::whole_number(o.threads, 1, 1024)});
  return rows;
}

options::Option json_row(bool& field) {
  return {"Output", "json", "[=true|false]", "One JSON document instead of a table for people.",
          options::toggle(field)};
}

options::Option force_row(bool& field) {
  return {"Output", "force", "[=true|false]", "Replace an output file that exists already.",
          options::toggle(field)};
}

}  // namespace gemel::cli
