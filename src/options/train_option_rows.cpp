#include "options/train_option_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <iterator>
#include <limits>

#include "base/error.hpp"
#include "base/log.hpp"
#include "features/kinds.hpp"
#include "ingest/pair_columns.hpp"
#include "metering/phase_recorder.hpp"

namespace gemel::options {
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

/// `files` comes of the data and cannot be chosen.
OptionValue split_kind(SplitKind& field) {
  auto kinds = split_names();
  OptionValue value = choice(field, kinds);
  std::erase_if(kinds, [](const auto& kind) { return kind.second == SplitKind::files; });
  value.read = choice(field, kinds).read;
  return value;
}

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

OptionValue pair_columns(PairColumns& field) {
  const auto read = [&field](const std::string& typed) {
    try {
      field = ingest::parse_pair_columns(typed);
    } catch (const base::UsageError& error) {
      throw ValueError(error.what());
    }
  };
  return {read, [&field] { return field.empty() ? "as recognised" : field.describe(","); }};
}

std::vector<Option> data_and_model_options(TrainingOptions& o) {
  const std::string kinds = features::kinds_help() + "; DIM is the width of its embedding.";
  return {
      {"Data", "data", "DIR",
       "Directory of a data set, such as MovieLens 100K with its u.data and u.item (data/README.md says how "
       "to get one), or one with train.txt and test.txt, and perhaps valid.txt, in which a line is a user "
       "and then all the user's items.",
       text(o.data.directory, "built-in synthetic data")},
      {"Data", "train-file", "FILE",
       "Instead of --data: a file of interactions. Nothing but the ids is known of users and items.",
       text(o.data.files.train, "none")},
      {"Data", "validation-file", "FILE",
       "Beside --train-file: interactions on which the training is evaluated as it goes on.",
       text(o.data.files.validation, "none")},
      {"Data", "test-file", "FILE",
       "Beside --train-file: interactions on which the model is tested. With this or --validation-file the "
       "data is split as the files are.",
       text(o.data.files.test, "none")},
      {"Data", "file-format", "FORMAT",
       "What a line of these files is: lists (a user, then the user's items, separated by blanks), pairs (a "
       "user, an item, perhaps a rating and a timestamp, separated by tabs, '::', semicolons, commas or "
       "blanks; the first line may name the columns), or auto, as the first thousand lines show: the run "
       "says how it read the first one, and refuses what is unclear. data/README.md has more.",
       choice(o.data.files.format, file_format_names())},
      {"Data", "columns", "NAMES",
       "What the fields of a line of pairs are, in their order: user, item, rating, timestamp, or - for one "
       "that is not used; such as user,item,-,timestamp. Without it a heading tells, or the numbers.",
       pair_columns(o.data.files.columns)},
      {"Data", "synthetic-users", "N", "Users of the built-in data; only those who do something are seen.",
       whole_number(o.data.synthetic.users, 1)},
      {"Data", "synthetic-items", "N", "Items of its catalogue.",
       whole_number(o.data.synthetic.items, 1, most_synthetic_items)},
      {"Data", "synthetic-interactions", "N", "Interactions of it.",
       whole_number(o.data.synthetic.interactions, 1)},
      {"Data", "split", "KIND",
       "Which interactions are kept out of training for the test: random (a share drawn at random), time "
       "(the last share of all, by timestamp), leave-last-out (the last one of every user with two or more), "
       "leave-last-two-out (of every user with three or more the last one, and the one before it for "
       "validation), k-fold (one of --folds random parts). Of interactions of the same time the one that is "
       "later in the data is later; without timestamps leave-last-out goes by that alone.",
       split_kind(o.data.split)},
      {"Data", "test-fraction", "SHARE",
       "Of --split random and time: share of the interactions that is kept for the test; in [0, 1).",
       fraction(o.data.test_fraction)},
      {"Data", "validation-fraction", "SHARE",
       "Share of the training part that is kept out of training for validation: drawn at random, or with "
       "--split time its last share. The training is then evaluated on it, and tested once, at the end. In "
       "[0, 1); 0: none, the test part is what the training is evaluated on.",
       fraction(o.data.validation_fraction)},
      {"Data", "folds", "K", "Parts of --split k-fold.", whole_number(o.data.folds, 2)},
      {"Data", "fold", "I", "Which of them is the test part; 1 is the first.", whole_number(o.data.fold, 1)},
      {"Data", "split-seed", "N",
       "Seed of what is drawn at random here, apart from --seed, so that runs with several seeds share a "
       "split.",
       whole_number(o.data.split_seed, 0)},
      {"Data", "weight-column", "COLUMN",
       "Column of the interactions whose numbers, at least 0, multiply the losses of the training examples, "
       "such as rating.",
       text(o.data.weight_column, "none")},

      {"Model", "layers", "WIDTHS",
       "Widths of the dense layers of each tower, in columns, such as 64,32. ReLU follows all but the last, "
       "whose width is that of the vectors that are compared. none: no layers, the vectors are the features "
       "side by side, and those of both towers must be of the same width in all: matrix factorisation.",
       list_or_none(number_list(o.model.layers, {"width", "64,32", widest}), o.model.layers)},
      {"Model", "normalize", "[=true|false]",
       "Scale the vectors of both towers to length 1, so that scores are cosines. Give a --temperature with "
       "it, such as 0.1.",
       toggle(o.model.normalize)},
      {"Model", "item-bias", "[=true|false]",
       "Learn a number for each item that is added to its score (with --temperature, divided by it like the "
       "rest), beside the vectors and outside of --normalize: a candidate feature item_id:bias.",
       toggle(o.model.item_bias)},
      {"Model", "unknown-share", "SHARE",
       "Share of the training examples whose ids, the lookup features of queries, are replaced by the "
       "unknown one, drawn anew in each epoch: its row, which is 0 otherwise, learns to stand for users "
       "without training examples. Compare it with 0 on such users (src/features/README.md does); in [0, 1).",
       fraction(o.model.unknown_share)},
      {"Model", "dropout", "SHARE",
       "Share of the outputs of every layer but the last that training sets to 0, drawn anew at each step, "
       "while the others are divided by 1 - SHARE; in [0, 1). A candidate that is in a batch several times "
       "is drawn once.",
       fraction(o.model.dropout)},
      {"Model", "query-dropout", "SHARE", "The same of the query tower's input, its features side by side.",
       fraction(o.model.query_dropout)},
      {"Model", "candidate-dropout", "SHARE", "The same of the candidate tower's input.",
       fraction(o.model.candidate_dropout)},
      {"Model", "embedding-dim", "N",
       "Width of the embedding, in columns, of a feature that names no DIM of its own.",
       whole_number(o.model.embedding_dim, 1, widest)},
      {"Model", "embedding-range", "R",
       "Embeddings begin as random numbers, uniform in +-R. With --normalize vectors turn by steps in "
       "proportion to --learning-rate / their length, so that a smaller R means a quicker start.",
       positive_number(o.model.embedding_range)},
      {"Model", "query-feature", "COLUMN:KIND[:DIM]",
       "A feature of the query tower; give the option once per feature. Giving any replaces the defaults; "
       "these are user_id:lookup alone where the data has no timestamps. " +
           kinds,
       texts(o.model.query_features)},
      {"Model", "candidate-feature", "COLUMN:KIND[:DIM]",
       "The same for the candidate tower; the default is item_id:lookup alone where the data has no titles.",
       texts(o.model.candidate_features)},
  };
}

std::vector<Option> optimizer_options(OptimizerOptions& o) {
  const std::string group = "Loss and optimiser";
  return {
      {group, "optimizer", "NAME",
       "How parameters are updated: adagrad (a step per weight that shrinks with the squares of its "
       "gradients), rowwise-adagrad (the same with one accumulator for each row of a table, so nearly half "
       "the memory), adam, adamw (adam with --weight-decay), or sgd (with --momentum).",
       choice(o.kind, optimizer_names())},
      {group, "learning-rate", "RATE",
       "Learning rate; with a schedule, its peak. When it is not given: 0.1 for adagrad and rowwise-adagrad, "
       "0.001 for adam and adamw, 0.01 for sgd.",
       positive_number(o.learning_rate.peak)},
      {group, "learning-rate-schedule", "NAME",
       "How the learning rate goes on: constant; cosine (falls along half a cosine until the last of the "
       "--epochs); inverse-sqrt (falls with the root of the number of steps).",
       choice(o.learning_rate.schedule, schedule_names())},
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
       "DECAY (decoupled weight decay). Of rows that are seldom used too, which costs little. 0: off. Not "
       "for adam.",
       non_negative_number(o.weight_decay)},
      {group, "embedding-l2", "WEIGHT",
       "Penalty on the embeddings: each step adds WEIGHT * row to the gradient of every row of a table that "
       "it touches, once a step (of WEIGHT / 2 * the square of the row's norm), after clipping. The reported "
       "loss is without it. The loss is a sum over the batch. 0: off.",
       non_negative_number(o.embedding_l2)},
      {group, "average-weights", "DECAY",
       "Evaluate, and recommend from, running averages of all parameters instead of the parameters: each "
       "step makes an average DECAY * average + (1 - DECAY) * parameter; such as 0.999; in [0, 1). Takes the "
       "memory of the parameters once more. 0: off.",
       fraction(o.average_decay)},
      {group, "clip-norm", "NORM",
       "Scale the gradient of all parameters together down to this norm where it is longer. The loss is a "
       "sum over the batch, and so is its gradient: try 100, which sgd needs at its default learning rate. "
       "0: off.",
       non_negative_number(o.clip_norm)},
  };
}

std::vector<Option> loss_options(LossOptions& o) {
  const std::string group = "Loss and optimiser";
  return {
      {group, "temperature", "T",
       "Logits are divided by it before the softmax. Lower makes the loss look at the hardest negatives; try "
       "0.05 to 0.2 where scores are cosines.",
       positive_number(o.temperature)},
      {group, "learned-temperature", "[=true|false]",
       "Learn the logarithm of the temperature, one more parameter, from --temperature on. It is meant for "
       "cosines: the scores of vectors without a fixed length have a scale of their own.",
       toggle(o.learned_temperature)},
      {group, "negatives", "SOURCE",
       "What a query's candidate is compared with: in-batch (the candidates of the global batch, and "
       "--extra-negatives) or catalogue (every item in every step: the exact softmax, for catalogues that "
       "are small enough; a rank needs 4 bytes for each column of each item's vector and each of its lanes).",
       choice(o.negatives, negative_source_names())},
      {group, "extra-negatives", "N",
       "Draw N items for each step, with repetition, as further candidates of the batch: items that users "
       "seldom choose are rare among its own. 0: none.",
       whole_number(o.extra_negatives, 0, largest_batch)},
      {group, "negative-distribution", "NAME",
       "How --extra-negatives are drawn: uniform (every item alike) or popularity (by training examples, to "
       "the power of --negative-power).",
       choice(o.negative_distribution, negative_distribution_names())},
      {group, "negative-power", "POWER",
       "With popularity, an item is drawn in proportion to its training examples to this power: 1 as often "
       "as it is chosen, 0.75 is usual, 0 uniform.",
       non_negative_number(o.negative_power)},
      {group, "logq-correction", "[=true|false]",
       "Subtract from each logit the logarithm of its candidate's share of the training examples, so that "
       "popular candidates are not punished for being drawn as negatives more often. With --extra-negatives: "
       "of its share in both sources together.",
       toggle(o.logq_correction)},
      {group, "logq-strength", "ALPHA",
       "Subtract ALPHA times that logarithm. Below 1 keeps some of the popularity in the scores, which helps "
       "when what is recommended should be popular; 0 is no correction.",
       non_negative_number(o.logq_strength)},
      {group, "remove-accidental-hits", "[=true|false]",
       "Do not count other examples of the batch with the query's own candidate as negatives.",
       toggle(o.remove_accidental_hits)},
      {group, "mask-seen", "[=true|false]",
       "Do not count other training items of the query's user as negatives: they are no wrong answers, and "
       "a user with many items has some in every batch. For rankings without seen items, such as those of "
       "--exclude-seen: nothing pushes these down any more. Takes 4 bytes of every rank for each training "
       "example, as --exclude-seen does.",
       toggle(o.mask_seen)},
      {group, "hard-negatives", "N",
       "Keep of each query's negatives only the N items with the highest logits. 0: all.",
       whole_number(o.hard_negatives, 0, largest_batch)},
      {group, "partition-weight", "W",
       "The loss of a query is W log Z - its own logit, Z the sum of the exponentials of its logits. 1 is "
       "cross-entropy; W pushes negatives down W times as hard, as the bilateral softmax loss does. Only for "
       "scores that are bounded, such as cosines: others drift away with any W but 1, because a number added "
       "to all logits of a query changes its loss. Losses of different W cannot be compared.",
       positive_number(o.partition_weight)},
      {group, "label-smoothing", "SHARE",
       "Give this share of the target to all candidates of the batch alike, against overconfidence; in [0, "
       "1).",
       fraction(o.label_smoothing)},
      {group, "loss-reduction", "KIND",
       "Gradients of the sum over the batch, or of the mean: divided by its examples, so that the learning "
       "rate need not change with --batch-size, and --clip-norm 1 is usual. The loss is shown per example "
       "either way.",
       choice(o.reduction, loss_reduction_names())},
  };
}

std::vector<Option> training_options(TrainingOptions& o) {
  return {
      {"Training", "epochs", "N",
       "Passes over the training examples, those before a resumed checkpoint included.",
       whole_number(o.epochs, 1)},
      {"Training", "batch-size", "N",
       "Examples of a global batch, over all ranks together. The last batch of an epoch may be shorter.",
       whole_number(o.batch_size, 1, largest_batch)},
      {"Training", "seed", "N", "Seed of the initial values and of the order of the examples.",
       whole_number(o.seed, 0)},

      {"Evaluation", "validate-every", "N",
       "Evaluate every N epochs, on the validation examples or, where there are none, on the test examples; "
       "0: only at the end.",
       whole_number(o.validate_every, 0)},
      {"Evaluation", "top-k", "LIST",
       "The k of the metrics, such as top-k accuracies: shares of the evaluated examples whose true "
       "candidate is among the k best of the whole catalogue. Ascending.",
       number_list(o.top_k, {"k", "1,5,10,50,100", std::uint64_t{1} << 31, true})},
      {"Evaluation", "metrics", "LIST",
       "What is measured at every k: accuracy (of examples, by score, ties by their chance), and as means "
       "over the users with test "
       "examples, by the list of the k best candidates of each: recall (test items in it / test items), ndcg "
       "(sum of 1 / log2(place + 1) of these / the most it can be), hit-rate (1 if any is in it), mrr (1 / "
       "place of the first, at the last k only); and coverage (share of the catalogue that is in any list).",
       choices(o.metrics, metric_kinds())},
      {"Evaluation", "exclude-seen", "[=EXAMPLES]",
       "Leave the items that a user has in these examples out of the ranking of his queries, but for the "
       "items to be found: train, which the option alone means too; or train-and-validation, which at the "
       "test leaves out those of the validation examples as well; or none. Takes 4 bytes of every rank for "
       "each of these examples. src/evaluation/README.md says what known benchmarks do.",
       seen_items(o.exclude_seen)},
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
  TrainingOptions& o = options.training;
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
       "--checkpoint-dir, or from the start if it holds none. On any number of ranks. Without --data, "
       "--train-file or --synthetic-... the data and all settings that are not given are the checkpoint's.",
       text(o.checkpoint.resume, "start afresh")},

      {"Checkpoints", "freeze-vocabulary", "[=true|false]",
       "When the run goes on with other data: take users, items and words that the checkpoint does not know "
       "for unknown ones. Otherwise they become new rows of the tables, after the old ones.",
       toggle(options.training.freeze_vocabulary)},

      {"Ranks and lanes", "lanes", "N",
       "Parts of a global batch that are computed apart, and the most ranks that can take part. The number "
       "of ranks never changes a result; the number of lanes changes its rounding. From 1 to 1024, and not "
       "above --batch-size.",
       whole_number(o.lanes, 1, most_lanes)},
      {"Ranks and lanes", "placement", "[FEATURE=]PLACE",
       "Where embedding tables are: replicated (on every rank), sharded (rows divided among the ranks), or "
       "auto, by memory and traffic; for all tables, or for that of one feature, such as user_id=sharded. "
       "Give it as often as needed. Changes no result; trainer plan shows what it costs.",
       texts(o.placements)},
      {"Ranks and lanes", "threads", "N",
       "Lanes that one rank computes at the same time, each on a thread of its own.",
       whole_number(o.threads, 1, most_lanes)},
      {"Ranks and lanes", "spare-ranks", "WHAT",
       "What ranks do that their nodes have no CPU for: rest, as taking turns on a CPU is slower, or work. "
       "With rest, those that are more than --lanes rest, too; with work, they are an error. Changes no "
       "result.",
       choice(options.spare_ranks, options::spare_ranks_names())},

      {"Output", "metrics-file", "FILE",
       "Write every event of the run there as one JSON object a line. A fresh run replaces the file, a "
       "resumed one goes on with it.",
       text(options.metrics_file, "none")},
      {"Output", "trace", "FILE.json",
       fmt::format("Write there, when the run ends or is stopped by a signal, when every rank was in which "
                   "phase: a trace for ui.perfetto.dev or chrome://tracing. It has the last {} phases of "
                   "each rank, about 11000 steps.",
                   metering::trace_capacity),
       text(o.trace_file, "none")},
      {"Output", "progress", "STYLE",
       "What is shown of the run: bar (a line that is redrawn, as wide as the terminal), lines (for files "
       "and batch jobs: one for every epoch, and every 30 seconds where something takes longer), none; auto "
       "is bar on a terminal, and lines elsewhere and under mpirun.",
       choice(options.progress, options::progress_style_names())},
      {"Output", "log-level", "LEVEL",
       fmt::format("Least severe messages shown: {}. With debug the start of a run shows every setting, else "
                   "those that "
                   "are not the defaults.",
                   base::log_levels),
       choice(options.log_level, log_level_names())},

      {"General", "config", "FILE.ini",
       "Read options from a file of lines like epochs = 300. The command line wins over the file.",
       text(options.config, "none")},
  };
}

}  // namespace

std::vector<std::pair<std::string, SpareRanks>> spare_ranks_names() {
  return {{"rest", SpareRanks::rest}, {"work", SpareRanks::work}};
}

std::vector<std::pair<std::string, ProgressStyle>> progress_style_names() {
  return {{"auto", ProgressStyle::automatic},
          {"bar", ProgressStyle::bar},
          {"lines", ProgressStyle::lines},
          {"none", ProgressStyle::none}};
}

std::vector<Option> train_options(TrainCommandOptions& options) {
  std::vector<Option> table = data_and_model_options(options.training);
  std::ranges::move(optimizer_options(options.training.optimizer), std::back_inserter(table));
  std::ranges::move(loss_options(options.training.loss), std::back_inserter(table));
  std::ranges::move(training_options(options.training), std::back_inserter(table));
  std::ranges::move(running_options(options), std::back_inserter(table));
  return table;
}

}  // namespace gemel::options
