#include "gemel/cli/train_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "gemel/base/error.hpp"
#include "gemel/base/log.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::cli {
namespace {

constexpr std::uint64_t widest = 65536;          // columns of a layer or an embedding
constexpr std::int64_t largest_batch = 1 << 30;  // examples
constexpr int most_lanes = 1024;

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

std::vector<Option> training_options(training::TrainingOptions& o) {
  return {
      {"Loss and optimiser", "learning-rate", "RATE", "Learning rate of Adagrad.",
       positive_number(o.adagrad.learning_rate)},
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
       "The k of the top-k accuracies: shares of the test examples whose true candidate is among the k best "
       "of the whole "
       "catalogue. Ascending.",
       number_list(o.top_k, {"k", "1,5,10,50,100", std::uint64_t{1} << 31, true})},
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
      {"Checkpoints", "resume", "auto|PATH",
       "Go on from a checkpoint: from the file PATH, or with auto from the newest sound one of "
       "--checkpoint-dir, or from the "
       "start if it holds none. On any number of ranks.",
       text(o.checkpoint.resume, "start afresh")},

      {"Ranks and lanes", "lanes", "N",
       "Parts of a global batch that are computed apart, and the most ranks that can take part. The number "
       "of ranks never "
       "changes a result; the number of lanes changes its rounding. From 1 to 1024, and not above "
       "--batch-size.",
       whole_number(o.lanes, 1, most_lanes)},
      {"Ranks and lanes", "threads", "N",
       "Lanes that one rank computes at the same time, each on a thread of its own.",
       whole_number(o.threads, 1, most_lanes)},

      {"Output", "metrics-file", "FILE",
       "Write every event of the run there as one JSON object a line. A fresh run replaces the file, a "
       "resumed one goes on "
       "with it.",
       text(options.metrics_file, "none")},
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

}  // namespace

OptionTable train_option_table(TrainCommandOptions& options) {
  std::vector<Option> table = data_and_model_options(options.training);
  std::ranges::move(training_options(options.training), std::back_inserter(table));
  std::ranges::move(running_options(options), std::back_inserter(table));
  return {"trainer train", std::move(table)};
}

void check_train_options(const training::TrainingOptions& options, int ranks) {
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

ParsedTrainOptions parse_train_options(std::span<const std::string> arguments,
                                       mpi::Communicator& communicator) {
  ParsedTrainOptions parsed;
  OptionTable table = train_option_table(parsed.options);
  table.read_command_line(arguments);
  if (const std::string path = parsed.options.config; !path.empty()) {
    table.read_configuration(read_everywhere(path, communicator), path);
  }
  check_train_options(parsed.options.training, communicator.size());
  parsed.settings = table.settings();
  return parsed;
}

}  // namespace gemel::cli
