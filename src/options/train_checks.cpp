#include "options/train_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "features/declarations.hpp"
#include "features/feature.hpp"
#include "options/settings.hpp"

namespace gemel::options {
namespace {

/// An option that means something beside some others only.
struct Condition {
  const char* option;
  bool holds;
  const char* remedy;
  /// It goes by the value, so that it is one for values that were not given but come from a checkpoint, too.
  bool is_of_value = false;
};

/// Refuses an option that was given although its condition does not hold.
void check_conditions(std::span<const Condition> conditions, const OptionTable& table) {
  for (const auto& [name, value] : table.settings()) {
    const auto condition =
        std::ranges::find_if(conditions, [&](const Condition& each) { return each.option == name; });
    if (condition == conditions.end() || condition->holds) continue;
    if (!table.is_given(name) && !(condition->is_of_value && table.is_saved(name))) continue;
    const std::string other = table.is_given(name) ? fmt::format("leave --{} out", name)
                                                   : fmt::format("give --{} another value than it has", name);
    throw base::UsageError(fmt::format("--{} {}: {}, or {}", name, value, condition->remedy, other));
  }
}

/// Refuses what was given in vain. `table` is bound to `options`.
void check_loss(const LossOptions& options, const OptionTable& table) {
  const bool in_batch = options.negatives == NegativeSource::in_batch;
  const bool draws = options.extra_negatives > 0;
  const Condition conditions[] = {
      {"logq-correction", in_batch || !options.logq_correction,
       "with --negatives catalogue every item is a column once, so there is no sampling to correct: choose "
       "--negatives in-batch",
       true},
      {"logq-strength", options.logq_correction, "there is no correction: add --logq-correction"},
      {"remove-accidental-hits", in_batch || !options.remove_accidental_hits,
       "with --negatives catalogue every item is a column once, so there are no accidental hits: choose "
       "--negatives in-batch",
       true},
      {"extra-negatives", in_batch || !draws,
       "with --negatives catalogue every item is a column already: choose --negatives in-batch", true},
      {"negative-distribution", draws, "nothing is drawn: add --extra-negatives N"},
      {"negative-power", draws && options.negative_distribution == NegativeDistribution::popularity,
       "only negatives that are drawn by popularity have it: add --extra-negatives N and "
       "--negative-distribution popularity"},
  };
  check_conditions(conditions, table);
}

/// Refuses what was given in vain. `table` is bound to `options`.
void check_optimizer(const OptimizerOptions& options, const OptionTable& table) {
  using Kind = OptimizerKind;
  using Schedule = ScheduleKind;
  const Schedule schedule = options.learning_rate.schedule;
  const bool is_adam = options.kind == Kind::adam || options.kind == Kind::adamw;
  const Condition conditions[] = {
      {"momentum", options.kind == Kind::sgd, "only --optimizer sgd has a momentum: choose it"},
      {"beta-1", is_adam, "only --optimizer adam and adamw have it: choose one of them"},
      {"beta-2", is_adam, "only --optimizer adam and adamw have it: choose one of them"},
      {"epsilon", options.kind != Kind::sgd, "--optimizer sgd divides by no root: choose another"},
      {"weight-decay", options.kind != Kind::adam || options.weight_decay == 0,
       "--optimizer adam does not decay weights: choose adamw"},
      {"warmup-steps", schedule != Schedule::constant,
       "a constant learning rate has no warm-up: choose --learning-rate-schedule cosine or inverse-sqrt"},
      {"final-learning-rate-share", schedule == Schedule::cosine,
       "only --learning-rate-schedule cosine has an end: choose it"},
  };
  check_conditions(conditions, table);
  if (options.learning_rate.peak * options.weight_decay >= 1) {
    throw base::UsageError(
        fmt::format("--weight-decay {}: with --learning-rate {} a step would take all of every weight; their "
                    "product must be below 1, and is about 0.0001 in most recipes",
                    options.weight_decay, options.learning_rate.peak));
  }
}

void check_features(const char* option, const std::vector<std::string>& declarations,
                    std::size_t embedding_dim) {
  std::set<std::string> names;
  for (const std::string& declaration : declarations) {
    try {
      const std::string name = features::parse_feature(declaration, embedding_dim).name();
      if (names.insert(name).second) continue;
    } catch (const base::UsageError& error) {
      throw base::UsageError(fmt::format("{}: {}", option, error.what()));
    }
    throw base::UsageError(
        fmt::format("{} {}: this tower has a feature of this column and kind already; give it once", option,
                    declaration));
  }
}

void check_monitor(const TrainingOptions& options) {
  if (options.monitor.empty() && (options.patience > 0 || options.checkpoint.keep_best)) {
    throw base::UsageError(
        fmt::format("--{}: without a value that is monitored nothing is the best; give --monitor, such as "
                    "--monitor top-{}, or leave it out",
                    options.patience > 0 ? "patience" : "keep-best", options.top_k.back()));
  }
  if (options.patience > 0 && options.validate_every == 0) {
    throw base::UsageError(
        fmt::format("--patience {}: with --validate-every 0 there is no evaluation before the end; give "
                    "--validate-every 1 or more, or leave --patience out",
                    options.patience));
  }
  if (options.monitor.empty() || options.monitor == monitored_loss) return;
  find_monitored(options.monitor, make_metrics(options.metrics, options.top_k));
}

/// Refuses what was given of `options` although `options` do not apply: "--OPTION: REASON".
void refuse_given(std::initializer_list<const char*> options, const OptionTable& table,
                  const std::string& reason) {
  for (const char* name : options) {
    if (table.is_given(name)) throw base::UsageError(fmt::format("--{}: {}", name, reason));
  }
}

/// Refuses columns of lists. One of both options may be the checkpoint's, which cannot be left out.
void check_columns(const GivenFiles& files, const OptionTable& table) {
  if (files.format != FileFormat::lists || files.columns.empty()) return;
  refuse_given(
      {"columns"}, table,
      table.is_given("file-format")
          ? "names the fields of pairs, but --file-format lists is given; leave one of them out"
          : "names the fields of pairs, but the checkpoint has --file-format lists; leave this option "
            "out, or give --file-format pairs too");
  refuse_given(
      {"file-format"}, table,
      fmt::format("lists have no columns, but the checkpoint has --columns {}; leave this option out, "
                  "or name the data anew with --train-file",
                  files.columns.describe(",")));
}

/// Refuses options of the source of the data that do not fit together.
void check_data(const DataOptions& data, const OptionTable& table) {
  const std::string file = data.files.train;
  if (file.empty()) {
    refuse_given({"validation-file", "test-file", "file-format", "columns"}, table,
                 "goes with --train-file FILE, which is not given; add it, or leave this option out");
  } else {
    refuse_given({"data"}, table, fmt::format("--train-file {} is given too; leave one of them out", file));
  }
  check_columns(data.files, table);
  if (file.empty() && data.directory.empty()) return;
  refuse_given({"synthetic-users", "synthetic-items", "synthetic-interactions"}, table,
               fmt::format("is of the built-in data, but --{} {} is given; leave one of them out",
                           file.empty() ? "data" : "train-file", file.empty() ? data.directory : file));
}

/// Refuses options of another split than that which `data` has.
void check_split(const DataOptions& data, const OptionTable& table) {
  using Kind = SplitKind;
  const Kind kind = data.split;
  if (kind == Kind::files) {
    const bool is_saved = table.is_saved("validation-file") || table.is_saved("test-file");
    refuse_given({"split", "test-fraction"}, table,
                 is_saved
                     ? "the checkpoint's --validation-file and --test-file split the data already; leave "
                       "this option out"
                     : "the data is split by --validation-file and --test-file already; leave one of "
                       "these out");
  }
  if (!data.files.validation.empty()) {
    refuse_given({"validation-fraction"}, table,
                 table.is_saved("validation-file")
                     ? "the checkpoint's --validation-file has the validation examples; leave this option out"
                     : "--validation-file has the validation examples; leave one of them out");
  }
  if (kind != Kind::k_fold) {
    refuse_given({"folds", "fold"}, table,
                 "only --split k-fold has folds: choose it, or leave this option out");
  }
  const bool is_by_user = kind == Kind::leave_last_out || kind == Kind::leave_last_two_out;
  if (is_by_user || kind == Kind::k_fold) {
    refuse_given({"test-fraction"}, table,
                 "only --split random and time have it: choose one, or leave this option out");
  }
  if (is_by_user) {
    refuse_given({"validation-fraction"}, table,
                 "--split leave-last-two-out keeps an interaction of every user for validation: choose it, "
                 "or leave this option out");
  }
  const bool draws =
      kind == Kind::random || kind == Kind::k_fold || (kind == Kind::files && data.validation_fraction > 0);
  if (!draws) {
    refuse_given({"split-seed"}, table, "nothing is drawn at random by this split; leave this option out");
  }
  if (data.fold > data.folds) {
    throw base::UsageError(
        fmt::format("--fold {}: there are only {} --folds, counted from 1", data.fold, data.folds));
  }
}

}  // namespace

void check_given_options(const TrainingOptions& options, const OptionTable& table) {
  check_optimizer(options.optimizer, table);
  check_loss(options.loss, table);
  check_data(options.data, table);
  check_split(options.data, table);
}

void check_train_options(const TrainingOptions& options) {
  check_monitor(options);
  if (options.freeze_vocabulary && options.checkpoint.resume.empty()) {
    throw base::UsageError(
        "--freeze-vocabulary: there is no vocabulary yet; give it with --resume, or leave it out");
  }
  if (options.batch_size < options.lanes) {
    throw base::UsageError(
        fmt::format("--batch-size {}: smaller than --lanes {}; a lane needs at least one example of a global "
                    "batch, so give a larger --batch-size or fewer --lanes",
                    options.batch_size, options.lanes));
  }
  check_features("--query-feature", options.model.query_features, options.model.embedding_dim);
  check_features("--candidate-feature", options.model.all_candidate_features(), options.model.embedding_dim);
  features::check_widths(options.model);
  if (options.model.dropout > 0 && options.model.layers.size() < 2) {
    throw base::UsageError(fmt::format(
        "--dropout {}: it drops outputs of the layers before the last, and --layers {} has none; give more "
        "layers, or --query-dropout and --candidate-dropout, which drop from the inputs",
        options.model.dropout,
        options.model.layers.empty() ? "none" : fmt::format("{}", options.model.layers.front())));
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
