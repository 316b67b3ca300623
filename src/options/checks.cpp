#include "options/checks.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "features/declarations.hpp"
#include "gemel/metrics.hpp"
#include "options/training_rows.hpp"

namespace gemel {
namespace {

/// Refuses what could not be given: values of fields go out and in again.
void check_value(const options::Option& row) {
  try {
    options::restore(row, options::as_given(options::saved_value(row)));
  } catch (const options::ValueError& error) {
    throw base::UsageError(fmt::format("--{} {}: {}", row.name, row.value.show(), error.what()));
  } catch (const base::UsageError& error) {
    throw base::UsageError(fmt::format("--{}: {}", row.name, error.what()));
  }
}

void check_needs(const options::Option& row) {
  for (const options::Need& need : row.needs) {
    if (need.is_of_value && !need.is_met)
      throw base::UsageError(fmt::format("--{} {}: {}", row.name, row.value.show(), need.remedy));
  }
}

}  // namespace

void check(const TrainingOptions& options) {
  TrainingOptions copy = options;
  const std::vector<options::Option> rows = options::training_rows(copy);
  for (const options::Option& row : rows) check_value(row);
  for (const options::Option& row : rows) check_needs(row);
  features::check_widths(options.model);
  if (!options.monitor.empty() && options.monitor != monitored_loss)
    find_monitored(options.monitor, make_metrics(options.metrics, options.top_k));
}

}  // namespace gemel

namespace gemel::options {

void check_given(const TrainingOptions& options, const OptionTable& table) {
  TrainingOptions copy = options;
  for (const Option& row : training_rows(copy)) {
    if (!table.is_given(row.name)) continue;
    for (const Need& need : row.needs) {
      if (!need.is_of_value && !need.is_met)
        throw base::UsageError(
            fmt::format("--{} {}: {}, or leave --{} out", row.name, row.value.show(), need.remedy, row.name));
    }
  }
}

void check_ranks(const TrainingOptions& options, int ranks) {
  if (ranks <= options.lanes) return;
  throw base::UsageError(
      fmt::format("--lanes {}: {} ranks are more than there are lanes to compute; start at most {} ranks "
                  "(mpirun -n {}), give --lanes {}, or let the others rest with --spare-ranks rest",
                  options.lanes, ranks, options.lanes, options.lanes, ranks));
}

}  // namespace gemel::options
