#include "gemel/training/trainer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <utility>

#include "gemel/base/error.hpp"
#include "gemel/checkpoint/checkpoint_file.hpp"
#include "gemel/checkpoint/checkpoint_store.hpp"
#include "gemel/checkpoint/model_checkpoint.hpp"
#include "gemel/evaluation/evaluator.hpp"
#include "gemel/evaluation/top_k.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/training/settings.hpp"
#include "gemel/training/signals.hpp"
#include "gemel/training/training_data.hpp"
#include "gemel/training/training_step.hpp"

namespace gemel::training {
namespace {

using base::ExitCode;
using base::Phase;
using Clock = std::chrono::steady_clock;

/// Words that ranks tell each other at every step.
constexpr std::uint32_t stop_flag = 1;      // a signal asks this rank to stop
constexpr std::uint32_t diverged_flag = 2;  // a lane's loss is not finite

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void check(const TrainingOptions& options, int ranks) {
  if (ranks > options.lanes) {
    throw base::UsageError(fmt::format(
        "{} ranks are more than the {} lanes that a batch is divided into; start at most {} ranks or give "
        "--lanes {} (another number of lanes rounds differently)",
        ranks, options.lanes, options.lanes, ranks));
  }
  if (options.batch_size < options.lanes) {
    throw base::UsageError(fmt::format("--batch-size {} is below --lanes {}: every lane needs an example",
                                       options.batch_size, options.lanes));
  }
}

/// Runs `check` first, so that nothing is read for options that cannot be.
TrainingData checked_data(const TrainingOptions& options, mpi::Communicator& communicator) {
  mpi::agree(communicator, [&] { check(options, communicator.size()); });
  return prepare_data(options, communicator);
}

class Run {
 public:
  Run(const TrainingOptions& options, mpi::Communicator& communicator, Observer& on_root)
      : options_(options),
        communicator_(communicator),
        observer_(on_root),
        data_(checked_data(options, communicator)),
        plan_(options.lanes, communicator.size(), communicator.rank()),
        team_(options.threads),
        runtime_(options.threads),
        model_(data_.query_features, data_.candidate_features, options.model.layers, options.seed),
        optimizer_(options.adagrad, model_),
        loss_(options.loss, data_.item_counts),
        deal_(plan_, communicator, std::move(data_.train), std::move(data_.train_numbers),
              data_.identity.train_examples, options.batch_size, options.seed),
        traffic_(communicator),
        step_({plan_, communicator, team_, runtime_, deal_, data_.catalogue, model_, loss_, optimizer_,
               timer_, traffic_}),
        evaluator_(communicator, team_, runtime_, data_.test, data_.catalogue, options.top_k) {
    state_.lane_losses.assign(static_cast<std::size_t>(options.lanes), 0.0);
  }

  void train() {
    open_checkpoints();
    report_start();
    while (state_.epoch < options_.epochs && !stop_) {
      train_epoch();
      if (state_.step_in_epoch < deal_.batches()) break;  // stopped in the middle
      finish_epoch();
      if (is_due(options_.validate_every, state_.epoch) || state_.epoch == options_.epochs) validate();
      save_if_due(checkpoint::Interval::Unit::epochs, state_.epoch);
      save_if_due(checkpoint::Interval::Unit::steps, state_.step);
    }
    if (state_.step != saved_step_) save();
    report_summary();
    if (stop_ && state_.epoch < options_.epochs) {
      throw mpi::AgreedError(
          ExitCode::interrupted,
          fmt::format("stopped by a signal in epoch {} after step {}; go on with --resume auto",
                      state_.epoch + (state_.step_in_epoch > 0 ? 1 : 0), state_.step));
    }
  }

 private:
  static bool is_due(std::int64_t every, std::int64_t count) { return every > 0 && count % every == 0; }

  std::span<double> own_lane_losses() {
    return std::span(state_.lane_losses)
        .subspan(static_cast<std::size_t>(plan_.lanes.first), static_cast<std::size_t>(plan_.lanes.size()));
  }

  /// Trains the rest of the current epoch, or up to the step at which a signal is heeded.
  void train_epoch() {
    const auto start = Clock::now();
    {
      const auto timing = timer_.measure(Phase::deal);
      const auto counting = traffic_.measure(Traffic::deal);
      deal_.deal(state_.epoch);
    }
    while (state_.step_in_epoch < deal_.batches() && !stop_) {
      const std::uint32_t flags = step_.run(state_.step_in_epoch, own_flags(), own_lane_losses());
      ++state_.step_in_epoch;
      ++state_.step;
      if ((flags & diverged_flag) != 0) throw_diverged();
      stop_ = (flags & stop_flag) != 0;
      report_step();
      if (state_.step_in_epoch < deal_.batches()) save_if_due(checkpoint::Interval::Unit::steps, state_.step);
    }
    epoch_seconds_ += seconds_since(start) - epoch_checkpoint_seconds_;
    epoch_checkpoint_seconds_ = 0;
  }

  std::uint32_t own_flags() {
    const auto losses = own_lane_losses();
    const bool finite =
        std::all_of(losses.begin(), losses.end(), [](double loss) { return std::isfinite(loss); });
    return (StopSignals::received() ? stop_flag : 0) | (finite ? 0 : diverged_flag);
  }

  void finish_epoch() {
    gather_lane_losses();
    const double loss =
        plan_.tree.sum(state_.lane_losses) / static_cast<double>(data_.identity.train_examples);
    if (!std::isfinite(loss)) throw_diverged();
    ++state_.epoch;
    state_.step_in_epoch = 0;
    std::fill(state_.lane_losses.begin(), state_.lane_losses.end(), 0.0);
    state_.history.push_back(
        {state_.epoch, state_.step, loss,
         std::vector<double>(options_.top_k.size(), std::numeric_limits<double>::quiet_NaN())});
    report_epoch(loss);
  }

  /// Completes state_.lane_losses with the other ranks' lanes.
  void gather_lane_losses() {
    const auto own = own_lane_losses();
    state_.lane_losses = communicator_.all_gather_varying(std::span<const double>(own));
  }

  [[noreturn]] void throw_diverged() {
    throw mpi::AgreedError(
        ExitCode::diverged,
        fmt::format("the loss is no longer a finite number in epoch {}, at step {}; try a --learning-rate "
                    "below {} or a "
                    "--temperature above {}{}",
                    state_.epoch + 1, state_.step, options_.adagrad.learning_rate, options_.loss.temperature,
                    last_checkpoint_.empty() ? "" : "; the last checkpoint is " + last_checkpoint_.string()));
  }

  void validate() {
    if (evaluator_.examples() == 0) return;
    const auto start = Clock::now();
    {
      const auto timing = timer_.measure(Phase::evaluation);
      const auto counting = traffic_.measure(Traffic::evaluation);
      accuracies_ = evaluator_.evaluate(model_);
    }
    auto& record = state_.history.back();
    for (std::size_t i = 0; i < accuracies_.size(); ++i) record.accuracies[i] = accuracies_[i].second;
    if (!communicator_.is_root()) return;
    const double seconds = seconds_since(start);
    observer_.on_validation({state_.epoch, state_.step, accuracies_, record.loss, seconds,
                             static_cast<double>(evaluator_.examples()) / seconds});
  }

  /// Finds the checkpoint to resume from, if any, and the place for new ones.
  void open_checkpoints() {
    std::filesystem::path resume;
    if (options_.checkpoint.resume != "auto") {
      resume = options_.checkpoint.resume;
      if (!resume.empty()) load(resume);
      store_.emplace(options_.checkpoint, communicator_);
    } else {
      store_.emplace(options_.checkpoint, communicator_);
      resume = store_->newest_sound().value_or("");
      if (resume.empty()) {
        spdlog::info("{} holds no checkpoint to resume from: starting afresh", options_.checkpoint.directory);
      } else {
        load(resume);
      }
    }
    if (!resume.empty()) store_->continue_from(resume);
  }

  void load(const std::filesystem::path& path) {
    const auto timing = timer_.measure(Phase::checkpoint);
    checkpoint::CheckpointReader reader(path, communicator_);
    const std::string saved = checkpoint::read_config(reader);
    std::vector<std::string> warnings;
    mpi::agree(communicator_,
               [&] { warnings = compare_settings(path.string(), saved, result_settings(options_)); });
    for (const std::string& warning : warnings) spdlog::warn("{}", warning);
    const checkpoint::DataIdentity data = checkpoint::read_data_identity(reader);
    if (data.content_hash != data_.identity.content_hash) {
      throw mpi::AgreedError(ExitCode::checkpoint,
                             fmt::format("{}: was trained on other data ({}, {} interactions) than given now "
                                         "({}, {} interactions); resume "
                                         "with the same data, or start afresh without --resume",
                                         path.string(), data.name, data.interactions, data_.identity.name,
                                         data_.identity.interactions));
    }
    state_ = checkpoint::load_model(reader, model_, optimizer_, communicator_);
    reader.close();
    resumed_epoch_ = state_.epoch;
    resumed_from_ = path;
    last_checkpoint_ = path;
    saved_step_ = state_.step;
    if (state_.history.empty()) return;
    for (std::size_t i = 0; i < options_.top_k.size(); ++i) {
      const double accuracy = state_.history.back().accuracies[i];
      if (std::isfinite(accuracy)) accuracies_.emplace_back(options_.top_k[i], accuracy);
    }
  }

  void save_if_due(checkpoint::Interval::Unit unit, std::int64_t count) {
    if (options_.checkpoint.every.unit == unit && is_due(options_.checkpoint.every.count, count)) save();
  }

  void save() {
    if (state_.step == saved_step_) return;
    const auto start = Clock::now();
    const std::filesystem::path path = store_->path_for(state_.step);
    std::int64_t bytes = 0;
    {
      const auto timing = timer_.measure(Phase::checkpoint);
      gather_lane_losses();
      const checkpoint::RunIdentity run = {result_settings(options_), options_.lanes, options_.seed,
                                           options_.top_k, data_.identity};
      const tensor::Matrix vectors = embed_catalogue();
      const checkpoint::Catalogue catalogue = {checkpoint::gather_texts(data_.item_ids, communicator_),
                                               checkpoint::gather_texts(data_.item_labels, communicator_),
                                               data_.item_counts, vectors.view()};
      bytes = checkpoint::save_model(path, run, state_, catalogue, model_, optimizer_, communicator_);
      store_->prune();
    }
    saved_step_ = state_.step;
    last_checkpoint_ = path;
    const double seconds = seconds_since(start);
    if (state_.step_in_epoch > 0) epoch_checkpoint_seconds_ += seconds;
    if (communicator_.is_root()) {
      observer_.on_checkpoint({state_.epoch, state_.step, path.string(), seconds, bytes});
    }
  }

  /// [items, d]: every rank embeds its shard, and all get the whole.
  tensor::Matrix embed_catalogue() {
    const std::size_t items = data_.catalogue.size();
    tensor::Matrix vectors(items, model_.dim());
    std::vector<std::size_t> counts;
    for (int rank = 0; rank < communicator_.size(); ++rank) {
      counts.push_back(evaluation::shard_of_rank(items, communicator_.size(), rank).count * model_.dim());
    }
    const auto shard = evaluation::shard_of_rank(items, communicator_.size(), communicator_.rank());
    const tensor::MatrixView own = vectors.view().middle_rows(shard.first, shard.count);
    evaluation::embed(model_.candidate(), model_.dense(), data_.catalogue, shard.first, own, team_, runtime_);
    mpi::Pending pending;
    communicator_.start_all_gather(std::span<const float>(own.flat()), vectors.view().flat(),
                                   std::span<const std::size_t>(counts), pending);
    pending.wait();
    return vectors;
  }

  void report_start() {
    if (!communicator_.is_root()) return;
    RunReport report;
    report.data = data_.identity.name;
    report.interactions = data_.identity.interactions;
    report.train_examples = data_.identity.train_examples;
    report.test_examples = data_.identity.test_examples;
    report.candidates = static_cast<std::int64_t>(data_.catalogue.size());
    report.dense_parameters = static_cast<std::int64_t>(model_.dense().size());
    for (const model::EmbeddingTable* table : std::as_const(model_).tables()) {
      report.table_parameters += static_cast<std::int64_t>(table->weights().size());
    }
    report.steps_per_epoch = deal_.batches();
    report.ranks = communicator_.size();
    report.threads = options_.threads;
    report.first_epoch = state_.epoch;
    report.resumed_from = resumed_from_.string();
    observer_.on_run(report);
  }

  void report_step() {
    if (!communicator_.is_root()) return;
    observer_.on_step({state_.epoch + 1, options_.epochs, state_.step_in_epoch, deal_.batches()});
  }

  void report_epoch(double loss) {
    EpochReport report;
    report.epoch = state_.epoch;
    report.step = state_.step;
    report.loss = loss;
    report.seconds = std::exchange(epoch_seconds_, 0.0);
    report.examples_per_second = static_cast<double>(data_.identity.train_examples) / report.seconds;
    for (std::size_t i = 0; i < report.phases.size(); ++i)
      report.phases[i] = timer_.all()[i] - reported_phases_[i];
    for (std::size_t i = 0; i < report.bytes.size(); ++i)
      report.bytes[i] = traffic_.all()[i] - reported_bytes_[i];
    reported_phases_ = timer_.all();
    reported_bytes_ = traffic_.all();
    communicator_.sum(std::span(report.bytes));
    training_seconds_ += report.seconds;
    if (communicator_.is_root()) observer_.on_epoch(report);
  }

  void report_summary() {
    SummaryReport report;
    report.epoch = state_.epoch;
    report.step = state_.step;
    report.loss =
        state_.history.empty() ? std::numeric_limits<double>::quiet_NaN() : state_.history.back().loss;
    report.accuracies = accuracies_;
    report.seconds = seconds_since(start_);
    report.training_seconds = training_seconds_ + epoch_seconds_;
    report.evaluation_seconds = timer_.seconds(Phase::evaluation);
    report.checkpoint_seconds = timer_.seconds(Phase::checkpoint);
    const auto epochs_here = static_cast<double>(state_.epoch - resumed_epoch_);
    report.examples_per_second =
        training_seconds_ > 0
            ? epochs_here * static_cast<double>(data_.identity.train_examples) / training_seconds_
            : 0;
    report.checkpoint = last_checkpoint_.string();
    report.interrupted = stop_ && state_.epoch < options_.epochs;
    const std::vector<PhaseSeconds> all = communicator_.all_gather(timer_.all());
    report.phase_min = all.front();
    report.phase_max = all.front();
    for (const PhaseSeconds& seconds : all) {
      for (std::size_t i = 0; i < seconds.size(); ++i) {
        report.phase_min[i] = std::min(report.phase_min[i], seconds[i]);
        report.phase_max[i] = std::max(report.phase_max[i], seconds[i]);
        report.phase_mean[i] += seconds[i] / static_cast<double>(all.size());
      }
    }
    report.bytes = traffic_.all();
    communicator_.sum(std::span(report.bytes));
    if (communicator_.is_root()) observer_.on_summary(report);
  }

  const TrainingOptions& options_;
  mpi::Communicator& communicator_;
  Observer& observer_;
  Clock::time_point start_ = Clock::now();
  StopSignals signals_;
  TrainingData data_;
  exchange::LanePlan plan_;
  exchange::LaneTeam team_;
  onednn::Runtime runtime_;
  model::TwoTower model_;
  learning::Adagrad optimizer_;
  learning::InBatchSoftmax loss_;
  ingest::EpochDeal deal_;
  base::PhaseTimer timer_;
  TrafficMeter traffic_;
  TrainingStep step_;
  evaluation::Evaluator evaluator_;
  std::optional<checkpoint::CheckpointStore> store_;

  checkpoint::TrainingState state_;
  bool stop_ = false;
  evaluation::Accuracies accuracies_;  // the latest
  std::int64_t saved_step_ = 0;
  std::filesystem::path last_checkpoint_;
  std::filesystem::path resumed_from_;
  std::int64_t resumed_epoch_ = 0;

  double epoch_seconds_ = 0;             // of training, in the current epoch so far
  double epoch_checkpoint_seconds_ = 0;  // spent on checkpoints amid its steps
  double training_seconds_ = 0;          // of finished epochs
  PhaseSeconds reported_phases_{};
  TrafficBytes reported_bytes_{};
};

}  // namespace

void train(const TrainingOptions& options, mpi::Communicator& communicator, Observer& on_root) {
  Run(options, communicator, on_root).train();
}

}  // namespace gemel::training
