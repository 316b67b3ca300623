#include "options/rows/rows.hpp"

#include <fmt/format.h>

#include "gemel/metrics.hpp"
#include "metering/phase_recorder.hpp"

namespace gemel::options {

std::vector<Option> rank_rows(TrainingOptions& o) {
  const std::string group = "Ranks and lanes";
  return {
      {group, "lanes", "N",
       "Parts of a global batch that are computed apart, and the most ranks that can take part. The number "
       "of ranks never changes a result; the number of lanes changes its rounding. From 1 to 1024, and not "
       "above --batch-size.",
       whole_number(o.lanes, 1, most_lanes), Effect::determines},
      {group, "placement", "[FEATURE=]PLACE",
       "Where embedding tables are: replicated (on every rank), sharded (rows divided among the ranks), or "
       "auto, by memory and traffic; for all tables, or for that of one feature, such as user_id=sharded. "
       "Give it as often as needed. Changes no result; trainer plan shows what it costs.",
       texts(o.placements)},
      {group, "threads", "N", "Lanes that one rank computes at the same time, each on a thread of its own.",
       whole_number(o.threads, 1, most_lanes)},
      {group, "hang-timeout", "SECONDS",
       "How long a rank waits for the others at most. Then it says where it waits, and which ranks have not "
       "come, and ends the job with exit code 9. 0: for ever. Reading or writing on one rank counts, too: "
       "give more where that takes long.",
       whole_number(o.hang_timeout, 0)},
      {group, "detect-corruption", "EVERY",
       "Every so many steps, compare what every rank has a copy of: dense parameters, replicated tables and "
       "the optimiser's state of both. Where copies differ, memory or a network has changed bits: the job "
       "ends, and names the ranks and the parameter. 0: never. Changes no result.",
       whole_number(o.detect_corruption, 0)},
  };
}

std::vector<Option> trace_rows(TrainingOptions& o) {
  const std::string group = "Output";
  return {
      {group, "trace", "FILE.json",
       fmt::format("Write there, when the run ends or is stopped by a signal, when every rank was in which "
                   "phase: a trace for ui.perfetto.dev or chrome://tracing. It has the last {} phases of "
                   "each rank, about 11000 steps.",
                   metering::trace_capacity),
       text(o.trace_file, "none")},
  };
}

}  // namespace gemel::options
