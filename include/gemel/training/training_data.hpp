#pragma once

#include <cstdint>
#include <vector>

#include "gemel/checkpoint/model_checkpoint.hpp"
#include "gemel/ingest/epoch_deal.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/training/options.hpp"

namespace gemel::training {

/// A data set made ready for training: split, featurised, counted. Examples, vocabularies, item_ids and item_labels are
/// this rank's block, the rest is the same on every rank.
struct TrainingData {
  checkpoint::DataIdentity identity;
  std::vector<ingest::FittedFeature> query_features;
  std::vector<ingest::FittedFeature> candidate_features;
  ingest::Examples train;
  std::vector<std::int64_t> train_numbers;  ///< of each of `train`, among all ranks' training examples
  ingest::Examples test;
  ingest::FeatureRows catalogue;     ///< candidate features of every item
  ingest::StringColumn item_ids;     ///< of the items [item_first, item_first + item_ids.size())
  ingest::StringColumn item_labels;  ///< of the same; their titles, or their ids when they have none
  std::int64_t item_first = 0;
  std::int64_t item_total = 0;
  std::vector<std::int64_t> item_counts;  ///< training examples of every item
};

/// Reads the data set that `options` name and prepares it. Throws AgreedError (usage, data). Collective.
TrainingData prepare_data(const TrainingOptions& options, mpi::Communicator& communicator);

}  // namespace gemel::training
