#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "evaluation/metric.hpp"
#include "ingest/data_identity.hpp"
#include "learning/optimizer.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "step/training_state.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::run {

/// The items that the model ranks, one for each row: what a recommender needs beside the query tower. Each rank brings those of its
/// block of the catalogue.
struct Catalogue {
  ingest::VocabularyBlock ids;
  ingest::VocabularyBlock labels;        ///< what a person knows the item by: its title
  std::span<const std::int64_t> counts;  ///< training examples of every item, the same on every rank
  tensor::ConstMatrixView vectors;       ///< [block, d]
};

/// Everything about a run that goes into a checkpoint beside parameters and progress.
struct RunIdentity {
  std::string config;   ///< JSON: the settings that determine the result, and where the data is
  std::string options;  ///< JSON: how long it goes on, and what else a run that is resumed from it is to know
  int lanes = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> top_k;
  ingest::DataIdentity data;
  std::vector<MetricKind> metrics = {MetricKind::accuracy};  ///< at every k of top_k
};

/// Writes a checkpoint of the layout that src/checkpoint/README.md documents. The content does not depend on the number of ranks, but for the
/// attributes `created` and `ranks` of the group /run. The optimizer must be settled. Collective; errors as
/// CheckpointWriter. Returns the size of the file in bytes.
std::int64_t save_model(const std::filesystem::path& path, const RunIdentity& run,
                        const step::TrainingState& state, const Catalogue& catalogue,
                        const model::TwoTower& model, const learning::Optimizer& optimizer,
                        mpi::Communicator& communicator);

/// The path in a checkpoint of the first parameter, or state of the optimiser, in which any rank holds what is no finite number;
/// empty when all are finite. A pass over memory. Collective.
std::string first_not_finite(const model::TwoTower& model, const learning::Optimizer& optimizer,
                             mpi::Communicator& communicator);

/// Reads all of a checkpoint. Throws AgreedError (checkpoint) when it is damaged, or was written by a training that had diverged.
/// Collective.
void verify_model(checkpoint::CheckpointReader& reader);

/// The settings with which a checkpoint was trained (JSON). Collective.
std::string read_config(checkpoint::CheckpointReader& reader);
/// RunIdentity::options; of a checkpoint of an older version "{}". Collective.
std::string read_run_options(checkpoint::CheckpointReader& reader);
/// The data on which it was trained. Collective.
ingest::DataIdentity read_data_identity(checkpoint::CheckpointReader& reader);

/// The features of a tower ("query" or "candidate") as they were fitted when the checkpoint was written, with this rank's block of
/// their vocabularies. Collective.
std::vector<features::FittedFeature> read_features(checkpoint::CheckpointReader& reader,
                                                   const std::string& tower,
                                                   const mpi::Communicator& communicator);

/// Reads parameters and the optimiser's state into a model of the same shape, and returns the state of training. Throws AgreedError
/// (checkpoint) when a table or a layer of the file is another one than the model's; rows that the data has added to a vocabulary
/// (FittedFeature::added) keep their first values. Of the history it takes the values of `metrics`, which are not numbers where they
/// were not measured. Collective.
step::TrainingState load_model(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                               learning::Optimizer& optimizer, const std::vector<Metric>& metrics);

/// Reads parameters and the optimiser's state of a checkpoint that this very run has written, after its vocabularies have grown.
/// Where a table of it has other rows or columns than the model's, nothing is read. Collective; errors as load_model.
void restore_model(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                   learning::Optimizer& optimizer);

}  // namespace gemel::run
