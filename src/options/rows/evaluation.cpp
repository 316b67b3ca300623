#include "options/rows/rows.hpp"

#include <fmt/format.h>

namespace gemel::options {
namespace {

/// Once a switch: alone, and as true, it means train, as false none.
OptionValue seen_items(SeenItems& field) {
  auto names = seen_items_names();
  OptionValue value = choice(field, names);
  names.emplace_back("true", SeenItems::train);
  names.emplace_back("false", SeenItems::none);
  value.read = choice(field, names).read;
  value.is_switch = true;
  return value;
}

}  // namespace

Need needs_monitor(bool asks_for_best, const TrainingOptions& o) {
  return always(!asks_for_best || !o.monitor.empty(),
                fmt::format("without a value that is monitored nothing is the best; give --monitor, such as "
                            "--monitor top-{}, or leave it out",
                            o.top_k.empty() ? 100 : o.top_k.back()));
}

std::vector<Option> metric_rows(TrainingOptions& o) {
  const std::string group = "Evaluation";
  return {
      {group, "validate-every", "N",
       "Evaluate every N epochs, on the validation examples or, where there are none, on the test examples; "
       "0: only at the end.",
       whole_number(o.validate_every, 0), Effect::run},
      {group, "top-k", "LIST",
       "The k of the metrics, such as top-k accuracies: shares of the evaluated examples whose true "
       "candidate is among the k best of the whole catalogue. Ascending.",
       number_list(o.top_k, {"k", "1,5,10,50,100", std::uint64_t{1} << 31, true}), Effect::steers},
      {group, "metrics", "LIST",
       "What is measured at every k: accuracy (of examples, by score, ties by their chance), and as means "
       "over the users with test examples, by the list of the k best candidates of each: recall (test items "
       "in it / test items), ndcg (sum of 1 / log2(place + 1) of these / the most it can be), hit-rate (1 if "
       "any is in it), mrr (1 / place of the first, at the last k only); and coverage (share of the "
       "catalogue that is in any list).",
       choices(o.metrics, metric_kinds()), Effect::steers},
      {group, "exclude-seen", "[=EXAMPLES]",
       "Leave the items that a user has in these examples out of the ranking of his queries, but for the "
       "items to be found: train, which the option alone means too; or train-and-validation, which at the "
       "test leaves out those of the validation examples as well; or none. Takes 4 bytes of every rank for "
       "each of these examples. src/evaluation/README.md says what known benchmarks do.",
       seen_items(o.exclude_seen), Effect::steers},
  };
}

std::vector<Option> monitor_rows(TrainingOptions& o) {
  const std::string group = "Evaluation";
  return {
      {group, "monitor", "METRIC",
       "The value that tells which evaluation was the best: a metric, such as top-100 or recall-10 (the "
       "highest is the best), or loss, that of the training (the lowest).",
       text(o.monitor, "none"), Effect::run},
      Option{group, "patience", "N",
             "End the training after N evaluations without a better --monitor value; 0: never.",
             whole_number(o.patience, 0), Effect::run}
          .needing(needs_monitor(o.patience > 0, o))
          .needing(always(o.patience == 0 || o.validate_every > 0,
                          "with --validate-every 0 there is no evaluation before the end; give "
                          "--validate-every 1 or more, or --patience 0")),
  };
}

}  // namespace gemel::options
