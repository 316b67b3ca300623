#include "run/run_checkpoints.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "evaluation/embedder.hpp"
#include "features/features_file.hpp"
#include "model/model_file.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "run/checkpoint_file.hpp"
#include "run/divergence.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::run {
namespace {

bool has_grown(const model::Tower& tower) {
  return std::ranges::any_of(tower.features(), [](const features::FittedFeature& feature) {
    return feature.vocabulary.rows > 0 && feature.added > 0;
  });
}

/// Says what the data has added to the vocabularies of a model.
void report_growth(const std::vector<features::FittedFeature>& features) {
  for (const features::FittedFeature& feature : features) {
    if (feature.vocabulary.rows == 0) continue;
    spdlog::info("  {}: {} rows added, {} in all", feature.spec.name(), feature.added,
                 feature.vocabulary.rows);
  }
}

}  // namespace

RunCheckpoints::RunCheckpoints(const TrainingOptions& options, mpi::Communicator& communicator,
                               std::unique_ptr<EarlierCheckpoint> earlier)
    : options_(options), communicator_(communicator), earlier_(std::move(earlier)) {
  const CheckpointOptions& checkpoints = options.checkpoint;
  if (!earlier_) earlier_ = EarlierCheckpoint::open(checkpoints, communicator);
  if (earlier_) {
    begin_from_earlier();
  } else if (!checkpoints.resume.empty()) {
    spdlog::info("{} holds no checkpoint to resume from: starting afresh", checkpoints.directory);
  }
  store_.emplace(checkpoints, communicator, resumed_from_);
}

void RunCheckpoints::begin_from_earlier() {
  resumed_from_ = earlier_->path();
  last_ = resumed_from_;
  for (const std::string& warning : compare_settings()) spdlog::warn("{}", warning);
  checkpoint::CheckpointReader& reader = earlier_->reader(communicator_);
  earlier_run_ = ingest::EarlierRun{
      resumed_from_.string(),
      {features::read_features(reader, "query"), features::read_features(reader, "candidate")},
      earlier_->data()};
}

std::vector<std::string> RunCheckpoints::compare_settings() {
  std::vector<std::string> warnings;
  mpi::agree(communicator_, [&] {
    warnings = options::compare_settings(resumed_from_.string(), earlier_->config(), options_);
  });
  return warnings;
}

void RunCheckpoints::check_settings() {
  if (earlier_) compare_settings();  // the warnings were given before
}

std::optional<step::TrainingState> RunCheckpoints::load(step::Learner& learner,
                                                        const ingest::TrainingData& data) {
  if (!earlier_) return std::nullopt;
  step::TrainingState state =
      load_checkpoint(earlier_->reader(communicator_), learner.model, learner.optimizer,
                      make_metrics(options_.metrics, options_.top_k));
  earlier_->close();
  const std::string bad = first_not_finite(learner.model, learner.optimizer, communicator_);
  if (!bad.empty()) {
    throw mpi::AgreedError(
        base::ExitCode::checkpoint,
        fmt::format("{}: {} has values that are no finite numbers: the training had diverged. Go on from an "
                    "earlier checkpoint, which --resume auto finds",
                    resumed_from_.string(), bad));
  }
  const bool is_changed = report_changes(learner.model, data.identity);
  if (is_changed || !options::ranks_alike(resumed_from_.string(), earlier_->config(), options_))
    state.compared_after = state.epoch;
  if (is_changed && state.step_in_epoch > 0) {
    spdlog::warn("epoch {} was under way after {} steps and begins anew", state.epoch + 1,
                 state.step_in_epoch);
    state.step_in_epoch = 0;
    std::ranges::fill(state.lane_losses, 0.0);
  }
  earlier_.reset();
  earlier_run_.reset();
  return state;
}

bool RunCheckpoints::report_changes(const model::TwoTower& model, const ingest::DataIdentity& given) const {
  const ingest::DataIdentity& trained_on = earlier_->data();
  // Also on the same data a vocabulary grows that was frozen when the checkpoint was trained.
  const bool grows = has_grown(model.query()) || has_grown(model.candidate());
  if (trained_on.content_hash != given.content_hash) {
    spdlog::info("{} was trained on other data ({}, {} interactions); going on with {}, {} interactions",
                 resumed_from_.string(), trained_on.name, trained_on.interactions, given.name,
                 given.interactions);
  } else if (grows) {
    spdlog::info("{} was trained with a frozen vocabulary", resumed_from_.string());
  } else {
    return false;
  }
  report_growth(model.query().features());
  report_growth(model.candidate().features());
  return true;
}

RunIdentity RunCheckpoints::identity(const ingest::TrainingData& data) const {
  RunIdentity run = {options::result_settings(options_),
                     options::run_settings(options_),
                     options_.lanes,
                     options_.seed,
                     options_.top_k,
                     data.identity,
                     options_.metrics,
                     {}};
  if (options_.checkpoint.store_history) run.history.emplace(data.user_ids, *data.seen);
  communicator_.broadcast(run.options);  // has paths, and ranks may work in different directories
  return run;
}

void RunCheckpoints::save(step::Learner& learner, const ingest::TrainingData& data,
                          const step::TrainingState& state, std::optional<std::int64_t> best) {
  base::require(!writing_, "checkpoint: one at a time");
  store_->require_own();
  tensor::Matrix vectors(data.item_ids.strings.size(), learner.model.dim());
  {
    const learning::AveragedWeights averaged(learner.optimizer);
    evaluation::Embedder(communicator_, learner.team, learner.runtime, learner.model.candidate(),
                         learner.model.dense())
        .run(data.catalogue, static_cast<std::size_t>(data.item_ids.first), vectors.view());
  }
  require_finite(learner, vectors, state.step);
  const auto write = [&](checkpoint::CheckpointWriter& writer) {
    write_checkpoint(writer, identity(data), state,
                     {data.item_ids, data.item_labels, data.item_counts, vectors.view()}, learner.model,
                     learner.optimizer, communicator_);
  };
  const std::filesystem::path path = store_->path_for(state.step);
  Writing writing{{path, state.epoch, state.step, 0}, best, nullptr};
  if (options_.checkpoint.wait) {
    checkpoint::CheckpointWriter writer(path, communicator_);
    write(writer);
    writing.checkpoint.bytes = writer.commit();
  } else {
    checkpoint::CheckpointWriter writer(path, communicator_, memory_);
    write(writer);
    writing.background = writer.start();
  }
  writing_ = std::move(writing);
}

std::optional<WrittenCheckpoint> RunCheckpoints::go_on() {
  if (!writing_) return std::nullopt;
  if (writing_->background && !writing_->background->advance()) return std::nullopt;
  return end_writing();
}

std::optional<WrittenCheckpoint> RunCheckpoints::finish() {
  if (!writing_) return std::nullopt;
  if (writing_->background) writing_->background->finish();
  return end_writing();
}

WrittenCheckpoint RunCheckpoints::end_writing() {
  WrittenCheckpoint written = writing_->checkpoint;
  if (writing_->background) written.bytes = writing_->background->bytes();
  store_->prune(writing_->best);
  last_ = written.path;
  writing_.reset();
  return written;
}

void RunCheckpoints::require_finite(const step::Learner& learner, const tensor::Matrix& vectors,
                                    std::int64_t step) {
  std::string path = first_not_finite(learner.model, learner.optimizer, communicator_);
  const bool are_finite = tensor::all_finite(vectors.view().flat());
  if (communicator_.max(std::int64_t{are_finite ? 0 : 1}) != 0 && path.empty()) path = "/catalogue/vector";
  if (path.empty()) return;
  throw_diverged(
      fmt::format("{} would have values that are no finite numbers, so no checkpoint was written", path),
      step, options_, last_);
}

bool RunCheckpoints::restore(const std::filesystem::path& path, step::Learner& learner) {
  std::optional<checkpoint::CheckpointReader> reader;
  try {
    reader.emplace(path, communicator_);
    model::verify_checkpoint(*reader);
    restore_checkpoint(*reader, learner.model, learner.optimizer);
    return true;
  } catch (const mpi::AgreedError& error) {
    spdlog::warn("the best checkpoint is left alone: {}", error.what());
    return false;
  }
}

std::filesystem::path RunCheckpoints::find(std::int64_t step) const {
  std::vector<std::filesystem::path> places = {store_->path_for(step)};
  if (auto resumed = checkpoint::CheckpointName::parse(resumed_from_.filename().string())) {
    resumed->step = step;
    places.push_back(resumed_from_.parent_path() / resumed->file_name());
  }
  for (const std::filesystem::path& place : places) {
    if (store_->exists(place)) return place;
  }
  return {};
}

}  // namespace gemel::run
