#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "features/examples.hpp"
#include "features/feature.hpp"
#include "gemel/options.hpp"
#include "ingest/data_identity.hpp"
#include "ingest/dataset.hpp"
#include "ingest/user_history.hpp"
#include "ingest/wanted_columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A data set made ready for training: split, featurised, counted. Examples, vocabularies, item_ids and item_labels are
/// this rank's block, the rest is the same on every rank.
struct TrainingData {
  ingest::DataIdentity identity;
  std::vector<features::FittedFeature> query_features;
  std::vector<features::FittedFeature> candidate_features;
  features::Examples
      train;  ///< with weights, if --weight-column names them; with users, if the loss needs them
  /// The number of the first of `train` among all ranks' training examples; the others follow it.
  std::int64_t first_train_number = 0;
  features::Examples validation;
  features::Examples test;
  features::FeatureRows catalogue;  ///< candidate features of every item
  ingest::VocabularyBlock item_ids;
  ingest::VocabularyBlock item_labels;    ///< the items' titles, or their ids when they have none
  std::vector<std::int64_t> item_counts;  ///< training examples of every item
  /// Users of all interactions; 0 where nothing needs them: then no examples have users.
  std::int64_t users = 0;
  ingest::VocabularyBlock user_ids;  ///< of these users, as UserNumbers; where checkpoints keep their history
  std::optional<ingest::UserHistory> seen;  ///< training items of every user, where something needs them
  /// Training and validation items of every user, where the test leaves out both.
  std::optional<ingest::UserHistory> seen_before_test;
};

/// The features of both towers.
struct TowerFeatures {
  std::vector<features::FittedFeature> query;
  std::vector<features::FittedFeature> candidate;
};

/// What is known of an earlier run that is gone on with.
struct EarlierRun {
  std::string path;  ///< of its checkpoint, for messages
  TowerFeatures features;
  ingest::DataIdentity data;
};

/// Reads the data set that `options` name, and settles what depends on what it has: default features for which it has no columns
/// become ids alone (where ModelOptions allows it), columns are called by our names, and data that comes split has the split `files`. Of the
/// interactions' columns those are read that features, weights or `others` name. Throws AgreedError (usage, data).
/// Collective.
ingest::Dataset read_data(TrainingOptions& options, mpi::Communicator& communicator,
                          const WantedColumns& others = {});

/// Splits and featurises what read_data has read, by the borders and the features of an earlier run if there is one. Says what the
/// examples that are kept out of training have in common with those of training. Throws AgreedError (usage, data; checkpoint for an
/// earlier run whose split cannot be gone on with). Collective.
TrainingData prepare_data(const TrainingOptions& options, ingest::Dataset dataset,
                          mpi::Communicator& communicator, const EarlierRun* earlier = nullptr);

/// Both, for those who need not know what was settled.
TrainingData prepare_data(const TrainingOptions& options, mpi::Communicator& communicator);

}  // namespace gemel::ingest
