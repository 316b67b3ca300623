#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gemel/checkpoint/checkpoint_file.hpp"
#include "gemel/checkpoint/training_state.hpp"
#include "gemel/learning/adagrad.hpp"
#include "gemel/model/two_tower.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/tensor/matrix_view.hpp"

namespace gemel::checkpoint {

/// What identifies the data that a model was trained on.
struct DataIdentity {
  std::string name;
  std::int64_t interactions = 0;
  std::int64_t train_examples = 0;
  std::int64_t test_examples = 0;
  std::uint64_t content_hash = 0;
};

/// The items that the model ranks, one for each row: what a recommender needs beside the query tower.
struct Catalogue {
  std::vector<std::string> ids;
  std::vector<std::string> labels;       ///< what a person knows the item by: its title
  std::span<const std::int64_t> counts;  ///< training examples
  tensor::ConstMatrixView vectors;       ///< [items, d]
};

/// Everything about a run that goes into a checkpoint beside parameters and progress.
struct RunIdentity {
  std::string config;  ///< JSON: the settings that determine the result
  int lanes = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> top_k;
  DataIdentity data;
};

/// Writes a checkpoint of the layout that README.md documents. The content does not depend on the number of ranks, but for the
/// attributes `created` and `ranks` of the group /run. Collective; errors as CheckpointWriter. Returns the size of the file in bytes.
std::int64_t save_model(const std::filesystem::path& path, const RunIdentity& run, const TrainingState& state,
                        const Catalogue& catalogue, const model::TwoTower& model,
                        const learning::Adagrad& optimizer, mpi::Communicator& communicator);

/// The settings with which a checkpoint was trained (JSON). Collective.
std::string read_config(CheckpointReader& reader);
/// The data on which it was trained. Collective.
DataIdentity read_data_identity(CheckpointReader& reader);

/// Reads parameters and accumulators into a model of the same shape, and returns the state of training. Throws AgreedError
/// (checkpoint) when a table, a layer or a vocabulary of the file is another one than the model's. Collective.
TrainingState load_model(CheckpointReader& reader, model::TwoTower& model, learning::Adagrad& optimizer,
                         mpi::Communicator& communicator);

/// Strings of which each rank has a block, whole on every rank. Collective.
std::vector<std::string> gather_texts(const ingest::StringColumn& block, mpi::Communicator& communicator);

}  // namespace gemel::checkpoint
