#include "gemel/cli/train_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "gemel/base/error.hpp"
#include "gemel/base/log.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/training/best_epoch.hpp"
#include "gemel/training/trace_file.hpp"

namespace gemel::cli {
namespace {

constexpr std::uint64_t widest = 65536;          // columns of a layer or an embedding
constexpr std::int64_t largest_batch = 1 << 30;  // examples
constexpr std::int64_t most_synthetic_items = std::numeric_limits<std::int32_t>::max() - 1;

std::vector<std::pair<std::string, std::string>> log_level_names() {
  std::vector<std::string> levels;
  boost::algorithm::split(levels, base::log_levels, boost::algorithm::is_any_of(", "),
                          boost::algorithm::token_compress_on);
  std::vector<std::pair<std::string, std::string>> names;
  for (const std::string& level : levels) names.emplace_back(level, level);
  return names;
}

std::vector<Option> data_and_model_options(training::TrainingOptions& o) {
  const std::string kinds =
      "KIND is lookup, hash(N), bucketize(N), normalize, text(N) or list(SEP), the last two for candidates "
      "only; DIM is the width of its embedding.";
  return {
      {"Data", "data", "DIR",
       "Directory of a data set, such as MovieLens 100K with its u.data and u.item (data/README.md says how "
       "to get one).",
       text(o.data.directory, "built-in synthetic data")},
      {"Data", "synthetic-users", "N", "Users of the built-in data; only those who do something are seen.",
       whole_number(o.data.synthetic.users, 1)},
      {"Data", "synthetic-items", "N", "Items of its catalogue.",
       whole_number(o.data.synthetic.items, 1, most_synthetic_items)},
      {"Data", "synthetic-interactions", "N", "Interactions of it.",
       whole_number(o.data.synthetic.interactions, 1)},
      {"Data", "test-fraction", "SHARE",
       "Share of the interactions, drawn at random, that is kept out of training for the evaluation; in [0, "
       "1).",
       fraction(o.data.test_fraction)},
      {"Data", "split-seed", "N",
       "Seed of that draw, apart from --seed, so that runs with several seeds share a split.",
       whole_number(o.data.split_seed, 0)},

      {"Model", "layers", "WIDTHS",
       "Widths of the dense layers of each tower, in columns, such as 64,32. ReLU follows all but the last, "
       "whose width is "
       "that of the vectors that are compared.",
       number_list(o.model.layers, {"width", "64,32", widest})},
      {"Model", "embedding-dim", "N",
       "Width of the embedding, in columns, of a feature that names no DIM of its own.",
       whole_number(o.model.embedding_dim, 1, widest)},
      {"Model", "query-feature", "COLUMN:KIND[:DIM]",
       "A feature of the query tower; give the option once per feature. Giving any replaces the defaults. " +
           kinds,
       texts(o.model.query_features)},
      {"Model", "candidate-feature", "COLUMN:KIND[:DIM]", "The same for the candidate tower.",
       texts(o.model.candidate_features)},
  };
}

std::vector<Option> optimizer_options(learning::OptimizerOptions& o) {
  const std::string group = "Loss and optimiser";
  return {
      {group, "optimizer", "NAME",
       "How parameters are updated: adagrad (a step per weight that shrinks with the squares of its "
       "gradients), "
       "rowwise-adagrad (the same with one accumulator for each row of a table, so nearly half the memory), "
       "adam, "
       "adamw (adam with --weight-decay), or sgd (with --momentum).",
       choice(o.kind, learning::optimizer_names())},
      {group, "learning-rate", "RATE",
       "Learning rate; with a schedule, its peak. When it is not given: 0.1 for adagrad and rowwise-adagrad, "
       "0.001 for adam and adamw, 0.01 for sgd.",
       positive_number(o.learning_rate.peak)},
      {group, "learning-rate-schedule", "NAME",
       "How the learning rate goes on: constant; cosine (falls along half a cosine until the last of the "
       "--epochs); "
       "inverse-sqrt (falls with the root of the number of steps).",
       choice(o.learning_rate.schedule, learning::schedule_names())},
      {group, "warmup-steps", "N",
       "Steps in which the learning rate of cosine and inverse-sqrt first grows to its peak, in a line.",
       whole_number(o.learning_rate.warmup_steps, 0)},
      {group, "final-learning-rate-share", "SHARE",
       "Where cosine ends, as a share of --learning-rate; in [0, 1).", fraction(o.learning_rate.final_share)},
      {group, "momentum", "SHARE",
       "How much of its last move sgd adds to the next one; in [0, 1). 0: nothing, and no memory for it.",
       fraction(o.momentum)},
      {group, "beta-1", "SHARE", "How much of the running mean of gradients adam and adamw keep; in [0, 1).",
       fraction(o.beta_1)},
      {group, "beta-2", "SHARE",
       "How much of the running mean of squared gradients adam and adamw keep; in [0, 1).",
       fraction(o.beta_2)},
      {group, "epsilon", "E",
       "Added where adagrad, rowwise-adagrad (under the root), adam and adamw (beside it) divide by a root.",
       positive_number(o.epsilon)},
      {group, "weight-decay", "DECAY",
       "Each step first multiplies every parameter, biases and embeddings included, by 1 - learning rate * "
       "DECAY "
       "(decoupled weight decay). Of rows that are seldom used too, which costs little. 0: off. Not for "
       "adam.",
       non_negative_number(o.weight_decay)},
      {group, "clip-norm", "NORM",
       "Scale the gradient of all parameters together down to this norm where it is longer. The loss is a "
       "sum over "
       "the batch, and so is its gradient: try 100, which sgd needs at its default learning rate. 0: off.",
       non_negative_number(o.clip_norm)},
  };
}

std::vector<Option> training_options(training::TrainingOptions& o) {
  return {
      {"Loss and optimiser", "temperature", "T", "Logits are divided by it before the softmax.",
       positive_number(o.loss.temperature)},
      {"Loss and optimiser", "logq-correction", "[=true|false]",
       "Subtract from each logit the logarithm of its candidate's share of the training examples, so that "
       "popular "
       "candidates are not punished for being drawn as negatives more often.",
       toggle(o.loss.logq_correction)},
      {"Loss and optimiser", "remove-accidental-hits", "[=true|false]",
       "Do not count other examples of the batch with the query's own candidate as negatives.",
       toggle(o.loss.remove_accidental_hits)},

      {"Training", "epochs", "N",
       "Passes over the training examples, those before a resumed checkpoint included.",
       whole_number(o.epochs, 1)},
      {"Training", "batch-size", "N",
       "Examples of a global batch, over all ranks together. The last batch of an epoch may be shorter.",
       whole_number(o.batch_size, 1, largest_batch)},
      {"Training", "seed", "N", "Seed of the initial values and of the order of the examples.",
       whole_number(o.seed, 0)},

      {"Evaluation", "validate-every", "N",
       "Evaluate on the test examples every N epochs; 0: only at the end.",
       whole_number(o.validate_every, 0)},
      {"Evaluation", "top-k", "LIST",
       "The k of the metrics, such as top-k accuracies: shares of the test examples whose true candidate is "
       "among the k best of the whole catalogue. Ascending.",
       number_list(o.top_k, {"k", "1,5,10,50,100", std::uint64_t{1} << 31, true})},
      {"Evaluation", "metrics", "LIST",
       "What is measured at every k: accuracy (of examples, by score), and as means over the users with test "
       "examples, by the list of the k best candidates of each: recall (test items in it / test items), ndcg "
       "(sum of 1 / log2(place + 1) of these / the most it can be), hit-rate (1 if any is in it), mrr (1 / "
       "place of the first, at the last k only); and coverage (share of the catalogue that is in any list).",
       choices(o.metrics, evaluation::metric_kinds())},
      {"Evaluation", "exclude-seen", "[=true|false]",
       "Leave the items that a user has in the training examples out of the ranking of his queries, but for "
       "his test items. Takes 4 bytes of every rank for each training example.",
       toggle(o.exclude_seen)},
      {"Evaluation", "monitor", "METRIC",
       "The value that tells which evaluation was the best: a metric, such as top-100 or recall-10 (the "
       "highest is the best), or loss, that of the training (the lowest).",
       text(o.monitor, "none")},
      {"Evaluation", "patience", "N",
       "End the training after N evaluations without a better --monitor value; 0: never.",
       whole_number(o.patience, 0)},
  };
}

std::vector<Option> running_options(TrainCommandOptions& options) {
  training::TrainingOptions& o = options.training;
  return {
      {"Checkpoints", "checkpoint-dir", "DIR",
       "Directory where checkpoints are written; made when it is not there.", text(o.checkpoint.directory)},
      {"Checkpoints", "checkpoint-every", "INTERVAL",
       "Write one every N epochs (N or Nepochs) or steps (Nsteps), and at the end; 0: only at the end.",
       interval(o.checkpoint.every)},
      {"Checkpoints", "keep", "N", "Checkpoints that are kept: the N newest ones.",
       whole_number(o.checkpoint.keep, 1)},
      {"Checkpoints", "keep-best", "[=true|false]",
       "Write a checkpoint whenever the --monitor value is better than ever, and keep the best one besides "
       "the newest. What the summary tells is then measured on it.",
       toggle(o.checkpoint.keep_best)},
      {"Checkpoints", "resume", "auto|PATH",
       "Go on from a checkpoint: from the file PATH, or with auto from the newest sound one of "
       "--checkpoint-dir, or from the "
       "start if it holds none. On any number of ranks.",
       text(o.checkpoint.resume, "start afresh")},

      {"Checkpoints", "freeze-vocabulary", "[=true|false]",
       "When the run goes on with other data: take users, items and words that the checkpoint does not know "
       "for "
       "unknown ones. Otherwise they become new rows of the tables, after the old ones.",
       toggle(options.training.freeze_vocabulary)},

      {"Ranks and lanes", "lanes", "N",
       "Parts of a global batch that are computed apart, and the most ranks that can take part. The number "
       "of ranks never "
       "changes a result; the number of lanes changes its rounding. From 1 to 1024, and not above "
       "--batch-size.",
       whole_number(o.lanes, 1, training::most_lanes)},
      {"Ranks and lanes", "placement", "[FEATURE=]PLACE",
       "Where embedding tables are: replicated (on every rank), sharded (rows divided among the ranks), or "
       "auto, "
       "by memory and traffic; for all tables, or for that of one feature, such as user_id=sharded. Give it "
       "as "
       "often as needed. Changes no result; trainer plan shows what it costs.",
       texts(o.placements)},
      {"Ranks and lanes", "threads", "N",
       "Lanes that one rank computes at the same time, each on a thread of its own.",
       whole_number(o.threads, 1, training::most_lanes)},

      {"Output", "metrics-file", "FILE",
       "Write every event of the run there as one JSON object a line. A fresh run replaces the file, a "
       "resumed one goes on "
       "with it.",
       text(options.metrics_file, "none")},
      {"Output", "trace", "FILE.json",
       fmt::format(
           "Write there, when the run ends or is stopped by a signal, when every rank was in which "
           "phase: a trace for ui.perfetto.dev or chrome://tracing. It has the last {} phases of each "
           "rank, about 15000 steps.",
           training::trace_capacity),
       text(o.trace_file, "none")},
      {"Output", "progress", "STYLE",
       "What is shown of the run: bar (a line that is redrawn), lines (for files and batch jobs), none; auto "
       "is bar on a terminal, and lines elsewhere and under mpirun.",
       choice(options.progress, progress_style_names())},
      {"Output", "log-level", "LEVEL", fmt::format("Least severe messages shown: {}.", base::log_levels),
       choice(options.log_level, log_level_names())},

      {"General", "config", "FILE.ini",
       "Read options from a file of lines like epochs = 300. The command line wins over the file.",
       text(options.config, "none")},
  };
}

/// The file's content, read by root for all. Collective.
std::string read_everywhere(const std::string& path, mpi::Communicator& communicator) {
  std::string content;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    std::ifstream file(path);
    std::ostringstream copy;
    if (!file || std::filesystem::is_directory(path) || !(file.peek() == EOF || copy << file.rdbuf())) {
      throw base::UsageError(
          fmt::format("--config {}: cannot read this file; give a file of lines like epochs = 300", path));
    }
    content = copy.str();
  });
  communicator.broadcast(content);
  return content;
}

/// An option that means something for some optimisers or schedules only.
struct Condition {
  const char* option;
  bool holds;
  const char* remedy;
};

/// Refuses what was given in vain. `table` is bound to `options`.
void check_optimizer(const learning::OptimizerOptions& options, const OptionTable& table) {
  using Kind = learning::OptimizerKind;
  using Schedule = learning::ScheduleKind;
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
  for (const auto& [name, value] : table.settings()) {
    const auto condition =
        std::ranges::find_if(conditions, [&](const Condition& each) { return each.option == name; });
    if (condition == std::end(conditions) || condition->holds || !table.is_given(name)) continue;
    throw base::UsageError(
        fmt::format("--{} {}: {}, or leave --{} out", name, value, condition->remedy, name));
  }
  if (options.learning_rate.peak * options.weight_decay >= 1) {
    throw base::UsageError(
        fmt::format("--weight-decay {}: with --learning-rate {} a step would take all of every weight; their "
                    "product must be "
                    "below 1, and is about 0.0001 in most recipes",
                    options.weight_decay, options.learning_rate.peak));
  }
}

void check_features(const char* option, const std::vector<std::string>& declarations,
                    std::size_t embedding_dim) {
  std::set<std::string> names;
  for (const std::string& declaration : declarations) {
    try {
      const std::string name = ingest::parse_feature(declaration, embedding_dim).name();
      if (names.insert(name).second) continue;
    } catch (const base::UsageError& error) {
      throw base::UsageError(fmt::format("{}: {}", option, error.what()));
    }
    throw base::UsageError(
        fmt::format("{} {}: this tower has a feature of this column and kind already; give it once", option,
                    declaration));
  }
}

void check_monitor(const training::TrainingOptions& options) {
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
  const training::BestEpoch is_measured(options.monitor,
                                        evaluation::make_metrics(options.metrics, options.top_k));
}

}  // namespace

std::vector<Option> train_options(TrainCommandOptions& options) {
  std::vector<Option> table = data_and_model_options(options.training);
  std::ranges::move(optimizer_options(options.training.optimizer), std::back_inserter(table));
  std::ranges::move(training_options(options.training), std::back_inserter(table));
  std::ranges::move(running_options(options), std::back_inserter(table));
  return table;
}

OptionTable train_option_table(TrainCommandOptions& options) {
  return {"trainer train", train_options(options)};
}

void check_train_options(const training::TrainingOptions& options, int ranks) {
  check_monitor(options);
  if (options.freeze_vocabulary && options.checkpoint.resume.empty()) {
    throw base::UsageError(
        "--freeze-vocabulary: there is no vocabulary yet; give it with --resume, or leave it out");
  }
  if (options.batch_size < options.lanes) {
    throw base::UsageError(
        fmt::format("--batch-size {}: smaller than --lanes {}; a lane needs at least one example of a "
                    "global batch, so give a larger --batch-size or fewer --lanes",
                    options.batch_size, options.lanes));
  }
  if (ranks > options.lanes) {
    throw base::UsageError(
        fmt::format("--lanes {}: {} ranks are more than there are lanes to compute; start at most {} "
                    "ranks (mpirun -n {}) or give --lanes {}",
                    options.lanes, ranks, options.lanes, options.lanes, ranks));
  }
  check_features("--query-feature", options.model.query_features, options.model.embedding_dim);
  check_features("--candidate-feature", options.model.candidate_features, options.model.embedding_dim);
}

void check_data(const ingest::DataOptions& data, const OptionTable& table) {
  if (data.directory.empty()) return;
  for (const char* name : {"synthetic-users", "synthetic-items", "synthetic-interactions"}) {
    if (!table.is_given(name)) continue;
    throw base::UsageError(
        fmt::format("--{}: is of the built-in data, but --data {} is given; leave one of them out", name,
                    data.directory));
  }
}

void read_train_options(std::span<const std::string> arguments, TrainCommandOptions& options,
                        OptionTable& table, mpi::Communicator& communicator) {
  table.read_command_line(arguments);
  if (const std::string path = options.config; !path.empty()) {
    table.read_configuration(read_everywhere(path, communicator), path);
  }
  learning::OptimizerOptions& optimizer = options.training.optimizer;
  if (!table.is_given("learning-rate")) {
    optimizer.learning_rate.peak = learning::default_learning_rate(optimizer.kind);
  }
  check_optimizer(optimizer, table);
  check_data(options.training.data, table);
}

ParsedTrainOptions parse_train_options(std::span<const std::string> arguments,
                                       mpi::Communicator& communicator) {
  ParsedTrainOptions parsed;
  OptionTable table = train_option_table(parsed.options);
  read_train_options(arguments, parsed.options, table, communicator);
  check_train_options(parsed.options.training, communicator.size());
  parsed.settings = table.settings();
  return parsed;
}

}  // namespace gemel::cli
