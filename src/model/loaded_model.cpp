#include "model/loaded_model.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/error.hpp"
#include "features/features_file.hpp"
#include "model/model_file.hpp"
#include "model/parameter_file.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"

namespace gemel::model {
namespace {

/// What the settings say of how towers compute a vector. Tables begin as zeros, since their rows are read.
ModelOptions scoring_options(checkpoint::CheckpointReader& reader, const std::string& settings) {
  try {
    ModelOptions options = options::saved_training_options(reader.path().string(), settings).model;
    options.embedding_range = 0;
    return options;
  } catch (const base::CheckpointError& error) {  // every rank has read the same settings
    throw mpi::AgreedError(error.code(), error.what());
  }
}

/// Which tables of these features are sharded over the ranks.
exchange::TablePlacements place_tables(const std::string& tower,
                                       const std::vector<features::FittedFeature>& features,
                                       double most_replicated, exchange::TablePlacements placements) {
  for (const features::FittedFeature& feature : features) {
    const double bytes =
        static_cast<double>(feature.table_rows()) * static_cast<double>(feature.spec.dim * sizeof(float));
    if (bytes > most_replicated)
      placements.sharded.insert(fmt::format("{}/tables/{}", tower, feature.spec.name()));
  }
  return placements;
}

std::unique_ptr<TwoTower> read_towers(checkpoint::CheckpointReader& reader, const std::string& settings,
                                      double most_replicated) {
  const ModelOptions options = scoring_options(reader, settings);
  const mpi::Communicator& communicator = reader.communicator();
  exchange::TablePlacements placements{communicator.size(), communicator.rank(), {}};
  auto query = features::read_features(reader, "query");
  auto candidate = features::read_features(reader, "candidate");
  if (communicator.size() > 1) {
    placements = place_tables("query", query, most_replicated, std::move(placements));
    placements = place_tables("candidate", candidate, most_replicated, std::move(placements));
  }
  auto towers =
      std::make_unique<TwoTower>(std::move(query), std::move(candidate), options, /*seed=*/0, placements);
  ParameterValues weights = weights_of(*towers);
  if (has_parameters(reader, *towers, "average")) weights.name = "average";
  const std::vector<std::int64_t> none_added(weights.tables.size(), 0);
  require_fitting_tables(reader, *towers, weights, none_added);
  read_parameters(reader, *towers, weights, none_added);
  return towers;
}

}  // namespace

LoadedModel LoadedModel::open(const std::filesystem::path& path, mpi::Communicator& communicator,
                              double most_replicated) {
  const auto reader = open_checkpoint(path, communicator);
  LoadedModel model(*reader, most_replicated);
  return model;
}

LoadedModel::LoadedModel(checkpoint::CheckpointReader& reader, double most_replicated)
    : path_(reader.path()),
      epoch_(reader.attribute<std::int64_t>("/", "epoch")),
      step_(reader.attribute<std::int64_t>("/", "step")),
      settings_(reader.attribute<std::string>("/", "config")),
      towers_(read_towers(reader, settings_, most_replicated)),
      catalogue_(read_catalogue(reader, towers_->dim())) {}

}  // namespace gemel::model
