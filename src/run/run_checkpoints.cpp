#include "run/run_checkpoints.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <vector>

#include "checkpoint/newest_checkpoint.hpp"
#include "evaluation/embedder.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "run/divergence.hpp"
#include "run/model_checkpoint.hpp"
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

RunCheckpoints::RunCheckpoints(const TrainingOptions& options, mpi::Communicator& communicator)
    : options_(options), communicator_(communicator) {
  const CheckpointOptions& checkpoints = options.checkpoint;
  if (checkpoints.resume == "auto") {
    if (const auto newest = checkpoint::newest_sound(checkpoints.directory, communicator, verify_model)) {
      open(*newest);
    } else {
      spdlog::info("{} holds no checkpoint to resume from: starting afresh", checkpoints.directory);
    }
  } else if (!checkpoints.resume.empty()) {
    open(checkpoints.resume);
  }
  store_.emplace(checkpoints, communicator, resumed_from_);
}

void RunCheckpoints::open(const std::filesystem::path& path) {
  reader_.emplace(path, communicator_);
  saved_settings_ = run::read_config(*reader_);
  std::vector<std::string> warnings;
  mpi::agree(communicator_, [&] {
    warnings = options::compare_settings(path.string(), saved_settings_, options::result_settings(options_));
  });
  for (const std::string& warning : warnings) spdlog::warn("{}", warning);
  earlier_ = ingest::EarlierRun{path.string(),
                                {run::read_features(*reader_, "query", communicator_),
                                 run::read_features(*reader_, "candidate", communicator_)},
                                run::read_data_identity(*reader_)};
  resumed_from_ = path;
  last_ = path;
}

void RunCheckpoints::check_settings() {
  if (!reader_) return;
  mpi::agree(communicator_, [&] {  // the warnings were given before
    options::compare_settings(resumed_from_.string(), saved_settings_, options::result_settings(options_));
  });
}

std::optional<step::TrainingState> RunCheckpoints::load(const CheckpointedParts& parts) {
  if (!reader_) return std::nullopt;
  const ingest::DataIdentity& trained_on = earlier_->data;
  const ingest::DataIdentity& given = parts.data.identity;
  step::TrainingState state =
      run::load_model(*reader_, parts.model, parts.optimizer, make_metrics(options_.metrics, options_.top_k));
  reader_->close();
  reader_.reset();
  const std::string bad = run::first_not_finite(parts.model, parts.optimizer, communicator_);
  if (!bad.empty()) {
    throw mpi::AgreedError(
        base::ExitCode::checkpoint,
        fmt::format("{}: {} has values that are no finite numbers: the training had diverged. Go on from an "
                    "earlier checkpoint, which --resume auto finds",
                    resumed_from_.string(), bad));
  }
  const bool is_other_data = trained_on.content_hash != given.content_hash;
  // Also on the same data a vocabulary grows that was frozen when the checkpoint was trained.
  const bool grows = has_grown(parts.model.query()) || has_grown(parts.model.candidate());
  if (is_other_data || grows || !options::ranks_alike(saved_settings_, options::result_settings(options_)))
    state.compared_after = state.epoch;
  if (!is_other_data && !grows) return state;

  if (is_other_data) {
    spdlog::info("{} was trained on other data ({}, {} interactions); going on with {}, {} interactions",
                 resumed_from_.string(), trained_on.name, trained_on.interactions, given.name,
                 given.interactions);
  } else {
    spdlog::info("{} was trained with a frozen vocabulary", resumed_from_.string());
  }
  report_growth(parts.model.query().features());
  report_growth(parts.model.candidate().features());
  if (state.step_in_epoch > 0) {
    spdlog::warn("epoch {} was under way after {} steps and begins anew", state.epoch + 1,
                 state.step_in_epoch);
    state.step_in_epoch = 0;
    std::ranges::fill(state.lane_losses, 0.0);
  }
  return state;
}

std::int64_t RunCheckpoints::save(const CheckpointedParts& parts, const step::TrainingState& state,
                                  std::optional<std::int64_t> best) {
  store_->require_own();
  const std::filesystem::path path = store_->path_for(state.step);
  const ingest::TrainingData& data = parts.data;
  run::RunIdentity run = {options::result_settings(options_),
                          options::run_settings(options_),
                          options_.lanes,
                          options_.seed,
                          options_.top_k,
                          data.identity,
                          options_.metrics};
  communicator_.broadcast(run.config);  // ranks may work in different directories
  tensor::Matrix vectors(data.item_ids.strings.size(), parts.model.dim());
  {
    const learning::AveragedWeights averaged(parts.optimizer);
    evaluation::Embedder(communicator_, parts.team, parts.runtime, parts.model.candidate(),
                         parts.model.dense())
        .run(data.catalogue, static_cast<std::size_t>(data.item_ids.first), vectors.view());
  }
  require_finite(parts, vectors, state.step);
  const std::int64_t bytes =
      run::save_model(path, run, state, {data.item_ids, data.item_labels, data.item_counts, vectors.view()},
                      parts.model, parts.optimizer, communicator_);
  store_->prune(best);
  last_ = path;
  return bytes;
}

void RunCheckpoints::require_finite(const CheckpointedParts& parts, const tensor::Matrix& vectors,
                                    std::int64_t step) {
  std::string path = run::first_not_finite(parts.model, parts.optimizer, communicator_);
  const bool are_finite = tensor::all_finite(vectors.view().flat());
  if (communicator_.max(std::int64_t{are_finite ? 0 : 1}) != 0 && path.empty()) path = "/catalogue/vector";
  if (path.empty()) return;
  throw_diverged(
      fmt::format("{} would have values that are no finite numbers, so no checkpoint was written", path),
      step, options_, last_);
}

bool RunCheckpoints::restore(const std::filesystem::path& path, const CheckpointedParts& parts) {
  std::optional<checkpoint::CheckpointReader> reader;
  try {
    reader.emplace(path, communicator_);
    run::verify_model(*reader);
    run::restore_model(*reader, parts.model, parts.optimizer);
    reader->close();
    return true;
  } catch (const mpi::AgreedError& error) {
    spdlog::warn("the best checkpoint is left alone: {}", error.what());
    if (reader) reader->close();
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
