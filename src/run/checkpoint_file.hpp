#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/data_identity.hpp"
#include "ingest/history_file.hpp"
#include "learning/optimizer.hpp"
#include "model/catalogue_file.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "step/training_state.hpp"

namespace gemel::run {

/// Everything about a run that goes into a checkpoint beside parameters and progress.
struct RunIdentity {
  std::string config;  ///< JSON: the settings that determine the result
  std::string
      options;  ///< JSON: where the data is, how long the run goes on, and what else one resumed from it is to know
  int lanes = 0;
  std::uint64_t seed = 0;
  std::vector<std::int64_t> top_k;
  ingest::DataIdentity data;
  std::vector<MetricKind> metrics = {MetricKind::accuracy};  ///< at every k of top_k
  std::optional<ingest::HistoryView> history = {};  ///< training items of every user, if they are kept
};

/// Writes the content of a checkpoint, of the layout that src/checkpoint/README.md documents; `writer` is to be committed or started. The
/// content does not depend on the number of ranks, but for the attributes `created` and `ranks` of the group /run. The optimizer must be
/// settled. Collective; errors as CheckpointWriter.
void write_checkpoint(checkpoint::CheckpointWriter& writer, const RunIdentity& run,
                      const step::TrainingState& state, const model::CatalogueView& catalogue,
                      const model::TwoTower& model, const learning::Optimizer& optimizer,
                      mpi::Communicator& communicator);

/// The path in a checkpoint of the first parameter, or else state of the optimiser, in which any rank holds what is no finite number;
/// empty when all are finite. A pass over memory. Collective.
std::string first_not_finite(const model::TwoTower& model, const learning::Optimizer& optimizer,
                             mpi::Communicator& communicator);

/// Reads parameters and the optimiser's state into a model of the same shape, and returns the state of training. Throws AgreedError
/// (checkpoint) when a table or a layer of the file is another one than the model's; rows that the data has added to a vocabulary
/// (FittedFeature::added) keep their first values. `metrics` as for step::read_state. Collective.
step::TrainingState load_checkpoint(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                                    learning::Optimizer& optimizer, const std::vector<Metric>& metrics);

/// Reads parameters and the optimiser's state of a checkpoint that this very run has written, after its vocabularies have grown.
/// Where a table of it has other rows or columns than the model's, nothing is read. Collective; errors as load_checkpoint.
void restore_checkpoint(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                        learning::Optimizer& optimizer);

}  // namespace gemel::run
