#include "cli/train_command.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "base/error.hpp"
#include "cli/command_list.hpp"
#include "cli/observer_list.hpp"
#include "cli/progress.hpp"
#include "cli/spare_ranks.hpp"
#include "cli/train_options.hpp"
#include "mpi/agreement.hpp"
#include "options/checks.hpp"
#include "options/settings.hpp"
#include "report/metrics_file.hpp"
#include "run/trainer.hpp"

namespace gemel::cli {
namespace {

std::unique_ptr<Progress> make_progress(std::ostream& out, ProgressStyle style,
                                        const TrainCommandOptions& options) {
  auto progress = std::make_unique<Progress>(out, style, options.training);
  if (options.log_level != "debug") {
    TrainCommandOptions defaults;
    progress->leave_out(
        settled(train_option_table(defaults).settings(), options::data_settings(defaults.training)));
  }
  progress->keep_ticking();
  return progress;
}

/// Those who are told how the run goes, on root; nobody on the other ranks. Collective.
ObserverList make_observers(const ParsedTrainOptions& parsed, mpi::Communicator& communicator,
                            std::ostream& out) {
  ObserverList observers(parsed.settings);
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    const TrainCommandOptions& options = parsed.options;
    const ProgressStyle style = resolve(options.progress);
    if (style != ProgressStyle::none) observers.add(make_progress(out, style, options));
    if (options.metrics_file.empty()) return;
    observers.add(std::make_unique<report::MetricsFile>(options.metrics_file));
  });
  return observers;
}

int train(ParsedTrainOptions& parsed, mpi::Communicator& communicator, std::ostream& out,
          const Trainer& trainer) {
  parse_alike([&] { options::check_ranks(parsed.options.training, communicator.size()); });
  const std::string& resume = parsed.options.training.checkpoint.resume;
  const bool begins_afresh = resume.empty() || resume == "auto";  // no newest one was found
  if (!begins_afresh) require_there(parsed.data, resume, communicator);
  ObserverList observers = make_observers(parsed, communicator, out);
  try {
    trainer(parsed.options.training, communicator, observers, std::move(parsed.earlier));
  } catch (const base::Error& error) {
    if (error.code() != base::ExitCode::interrupted) throw;
    spdlog::info("{}", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}

}  // namespace

int run_train(std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out,
              const Trainer& trainer) {
  TrainCommandOptions defaults;
  if (shows_help(arguments, train_option_table(defaults), train_help(), communicator, out)) return 0;
  ParsedTrainOptions parsed = parse_alike([&] { return parse_train_options(arguments, communicator); });
  const auto close_earlier = [&] {  // those that work open it again
    if (parsed.earlier) parsed.earlier->close();
  };
  return on_working_ranks(
      communicator, parsed.options.spare_ranks, parsed.options.training.lanes,
      [&](mpi::Communicator& working) { return train(parsed, working, out, trainer); }, close_earlier);
}

std::string train_help() {
  TrainCommandOptions defaults;
  return fmt::format(
      R"(trainer train learns a query and a candidate tower from interactions, evaluates them against the
whole catalogue and writes checkpoints. The defaults are those of TensorFlow Recommenders' tutorial
"Building deep retrieval models".

Usage:
  trainer train [OPTIONS]
  mpirun -n 8 trainer train [OPTIONS]
{}
Examples:
  mpirun -n 8 trainer train --data data/ml-100k --layers 64,32
  mpirun -n 8 trainer train --data data/ml-100k --epochs 20 --metrics-file metrics.jsonl
  mpirun -n 3 trainer train --config run.ini --resume auto
  trainer train --query-feature user_id:lookup:64 --query-feature timestamp:normalize
  trainer train --train-file train.txt --test-file test.txt --validation-fraction 0.05
  trainer train --ratings ratings.csv --items items.csv --split leave-last-two-out
  trainer train --resume auto              # data and settings are the checkpoint's

A configuration file has the same options without the dashes, one a line:
  data = data/ml-100k
  layers = 64,32          # a comment
  logq-correction = true

{})",
      train_option_table(defaults).help(), exit_code_help());
}

Command train_command() {
  return {"train", "train a two-tower model, evaluate it and write checkpoints",
          [](std::span<const std::string> arguments, mpi::Communicator& communicator, std::ostream& out) {
            return run_train(arguments, communicator, out, run::train);
          }};
}

}  // namespace gemel::cli
