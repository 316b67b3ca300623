#include "cli/train_options.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/resumed_options.hpp"
#include "mpi/agreement.hpp"
#include "options/checks.hpp"
#include "options/rows/rows.hpp"

namespace gemel::cli {
options::OptionTable train_option_table(TrainCommandOptions& options) {
  return {"trainer train", train_rows(options)};
}

void settle_split(DataOptions& data, const options::OptionTable& table) {
  data.is_split_settled = table.is_given("split") || table.is_given("test-fraction");
  data.takes_stored_split = std::ranges::none_of(options::split_rows(data), [&](const options::Option& row) {
    return row.name != "weight-column" && (table.is_given(row.name) || table.is_saved(row.name));
  });
  if (data.files.validation.empty() && data.files.test.empty()) return;
  data.split = SplitKind::files;
  data.is_split_settled = true;
}

void settle_options(TrainCommandOptions& options, const options::OptionTable& table) {
  const auto is_settled = [&](const char* name) { return table.is_given(name) || table.is_saved(name); };
  options::check_given(options.training, table);
  settle_split(options.training.data, table);
  options.training.model.adapt_query_features = !is_settled("query-feature");
  options.training.model.adapt_candidate_features = !is_settled("candidate-feature");
}

ParsedTrainOptions parse_train_options(std::span<const std::string> arguments,
                                       mpi::Communicator& communicator) {
  ParsedTrainOptions parsed;
  options::OptionTable table = train_option_table(parsed.options);
  read_given_options(arguments, parsed.options.config, table, communicator);
  base::set_up_log(parsed.options.log_level, communicator.is_root());
  parsed.earlier = read_resumed_options(parsed.options.training, table, communicator);
  settle_options(parsed.options, table);
  check(parsed.options.training);
  parsed.settings = table.settings();
  parsed.data = named_data(table);
  return parsed;
}

}  // namespace gemel::cli
