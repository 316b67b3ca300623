#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "checkpoint/checkpoint_reader.hpp"
#include "gemel/options.hpp"
#include "model/catalogue_file.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"

namespace gemel::model {

/// A trained model as a checkpoint has it: both towers with their features, and the catalogue that they rank. It takes no optimiser and
/// no training data, and any number of ranks. Weights are the averages, where the training kept any: the catalogue's vectors are
/// of these, and so are recommendations.
class LoadedModel {
 public:
  /// Bytes of weights from which on tables are sharded, where there are several ranks.
  static constexpr double large_table = 64e6;

  /// `path` is a checkpoint, or a directory: its newest sound one. Throws AgreedError (checkpoint). Collective.
  static LoadedModel open(const std::filesystem::path& path, mpi::Communicator& communicator,
                          double most_replicated = large_table);

  /// The same of an open checkpoint, for those who read more of it. Collective.
  explicit LoadedModel(checkpoint::CheckpointReader& reader, double most_replicated = large_table);

  /// Of the checkpoint.
  const std::filesystem::path& path() const { return path_; }
  /// Finished epochs and steps of its training.
  std::int64_t epoch() const { return epoch_; }
  std::int64_t step() const { return step_; }
  /// The settings with which it was trained (JSON).
  const std::string& settings() const { return settings_; }

  /// A query's score of an item is the dot product of their vectors.
  const TwoTower& towers() const { return *towers_; }
  /// This rank's block.
  const Catalogue& catalogue() const { return catalogue_; }

 private:
  std::filesystem::path path_;
  std::int64_t epoch_;
  std::int64_t step_;
  std::string settings_;
  std::unique_ptr<TwoTower> towers_;
  Catalogue catalogue_;
};

}  // namespace gemel::model
