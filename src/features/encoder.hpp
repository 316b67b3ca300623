#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature.hpp"
#include "features/feature_rows.hpp"
#include "features/vocabulary_index.hpp"
#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

/// A text that its vocabulary does not have, so that its feature has the out-of-vocabulary row.
struct UnknownValue {
  std::size_t row = 0;
  std::size_t feature = 0;

  friend bool operator==(const UnknownValue&, const UnknownValue&) = default;
};

/// Turns raw values into rows of features that are fitted. It learns nothing: a text that a vocabulary lacks has the out-of-vocabulary
/// row. Vocabularies are made ready to be looked up once, so that a single row is a matter of microseconds.
class Encoder {
 public:
  /// `features` and the communicator must outlive the encoder; vocabularies are in blocks of its ranks. Throws AgreedError (checkpoint)
  /// for a vocabulary that cannot be. Collective.
  Encoder(const std::vector<FittedFeature>& features, mpi::Communicator& communicator);

  const std::vector<FittedFeature>& features() const { return features_; }

  /// What column a feature is made of; of type `any`, text and number alike, text will do.
  ColumnType type_of(const std::string& column) const;
  /// The columns that there must be, each once, in the order of the features.
  std::vector<std::string> columns() const;

  /// The features of this rank's rows of the columns; other columns are passed over. Ranks have the same columns and different numbers
  /// of rows, also none. Throws AgreedError (usage) that names the feature for a column that is not there, or not of the type that the
  /// feature needs, and AgreedError (data) for lists that are too long. Collective; on one rank alone several threads may encode at once.
  FeatureRows encode(const ingest::Columns& columns) const;

  /// Which values of lookups among `rows`, as encode() made them, were unknown; by row, then by feature.
  std::vector<UnknownValue> unknown_values(const FeatureRows& rows) const;

 private:
  const std::vector<FittedFeature>& features_;
  mpi::Communicator& communicator_;
  std::vector<FeatureSpec> specs_;
  std::vector<std::string> described_;
  std::vector<std::unique_ptr<const VocabularyIndex>> indices_;  // null for features without a vocabulary
};

}  // namespace gemel::features
