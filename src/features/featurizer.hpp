#pragma once

#include <vector>

#include "features/feature.hpp"
#include "features/feature_rows.hpp"
#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

struct FeaturisedColumns {
  std::vector<FittedFeature> features;
  FeatureRows rows;  ///< of this rank's rows of the columns
};

/// What is known of features from an earlier run on other data.
struct EarlierFeatures {
  /// As `featurize_columns` returned them, each vocabulary in blocks of this run's ranks; null when there are none.
  const std::vector<FittedFeature>* features = nullptr;
  /// Strings that the vocabularies lack become the out-of-vocabulary row instead of new rows.
  bool freeze_vocabulary = false;
};

/// Learns each feature from columns that are spread over the ranks, and turns this rank's rows into values. What it
/// learns does not depend on how the rows are spread. Features that are known from earlier keep their boundaries,
/// means and rows; strings that are new get rows after these, by the same order among themselves; the vocabulary of
/// text(N) grows up to N rows.
///
/// Throws AgreedError (usage) for a column that does not exist or does not hold what the kind needs, with the columns
/// there are, for two features of the same name, and for one that earlier features lack; AgreedError (data) for a
/// vocabulary or lists too long. Collective.
///
/// `is_known` says which of this rank's rows new values of a vocabulary may come from; null: all. The others' values are
/// unknown, unless they are in it already.
FeaturisedColumns featurize_columns(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                                    mpi::Communicator& communicator, const EarlierFeatures& earlier = {},
                                    const std::vector<bool>* is_known = nullptr);

}  // namespace gemel::features
