#include "gemel/training/run_checkpoints.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <string>
#include <vector>

#include "gemel/base/error.hpp"
#include "gemel/checkpoint/checkpoint_reader.hpp"
#include "gemel/checkpoint/model_checkpoint.hpp"
#include "gemel/evaluation/embedder.hpp"
#include "gemel/evaluation/top_k.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/training/settings.hpp"

namespace gemel::training {

std::optional<checkpoint::TrainingState> RunCheckpoints::open() {
  const checkpoint::CheckpointOptions& options = parts_.options.checkpoint;
  std::optional<checkpoint::TrainingState> state;
  std::filesystem::path resume = options.resume;
  if (options.resume != "auto") {
    if (!resume.empty()) state = load(resume);
    store_.emplace(options, parts_.communicator);
  } else {
    store_.emplace(options, parts_.communicator);
    resume = store_->newest_sound().value_or("");
    if (resume.empty()) {
      spdlog::info("{} holds no checkpoint to resume from: starting afresh", options.directory);
    } else {
      state = load(resume);
    }
  }
  if (state) store_->continue_from(resume);
  return state;
}

checkpoint::TrainingState RunCheckpoints::load(const std::filesystem::path& path) {
  checkpoint::CheckpointReader reader(path, parts_.communicator);
  const std::string saved = checkpoint::read_config(reader);
  std::vector<std::string> warnings;
  mpi::agree(parts_.communicator,
             [&] { warnings = compare_settings(path.string(), saved, result_settings(parts_.options)); });
  for (const std::string& warning : warnings) spdlog::warn("{}", warning);
  const checkpoint::DataIdentity trained_on = checkpoint::read_data_identity(reader);
  const checkpoint::DataIdentity& given = parts_.data.identity;
  if (trained_on.content_hash != given.content_hash) {
    throw mpi::AgreedError(
        base::ExitCode::checkpoint,
        fmt::format(
            "{}: was trained on other data ({}, {} interactions) than given now ({}, {} interactions): "
            "the contents differ; resume with the same data, or start afresh without --resume",
            path.string(), trained_on.name, trained_on.interactions, given.name, given.interactions));
  }
  checkpoint::TrainingState state = checkpoint::load_model(reader, parts_.model, parts_.optimizer);
  reader.close();
  resumed_from_ = path;
  last_ = path;
  return state;
}

std::int64_t RunCheckpoints::save(const checkpoint::TrainingState& state) {
  const std::filesystem::path path = store_->path_for(state.step);
  const TrainingOptions& options = parts_.options;
  const TrainingData& data = parts_.data;
  const checkpoint::RunIdentity run = {result_settings(options), options.lanes, options.seed, options.top_k,
                                       data.identity};
  const auto shard = evaluation::shard_of_rank(data.catalogue.size(), parts_.communicator.size(),
                                               parts_.communicator.rank());
  tensor::Matrix vectors(shard.count, parts_.model.dim());
  evaluation::Embedder(parts_.communicator, parts_.team, parts_.runtime, parts_.model.candidate(),
                       parts_.model.dense())
      .run(data.catalogue, shard.first, vectors.view());
  const checkpoint::Catalogue catalogue = {data.item_ids, data.item_labels, data.item_counts, shard.first,
                                           vectors.view()};
  const std::int64_t bytes = checkpoint::save_model(path, run, state, catalogue, parts_.model,
                                                    parts_.optimizer, parts_.communicator);
  store_->prune();
  last_ = path;
  return bytes;
}

}  // namespace gemel::training
