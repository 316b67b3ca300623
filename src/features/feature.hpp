#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature_rows.hpp"
#include "ingest/columns.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

enum class FeatureKind {
  lookup,     ///< text -> row of a vocabulary -> embedding
  hash,       ///< text or number -> its hash modulo N -> embedding
  bucketize,  ///< number -> one of N + 1 buckets between N boundaries -> embedding
  normalize,  ///< number -> z-score, one scalar
  text,       ///< text -> tokens -> embeddings -> their mean
  list,       ///< text -> the parts between separators -> rows of a vocabulary -> embeddings -> their mean
  bias,       ///< text -> row of a vocabulary -> one number, which is added to the score; of candidates only
};

/// A feature as the user declares it: COLUMN:KIND[:DIM], KIND one of lookup, hash(N), bucketize(N), normalize,
/// text(N), list(SEP), bias.
struct FeatureSpec {
  std::string column;
  FeatureKind kind = FeatureKind::lookup;
  /// N of hash(N): rows of the table; of bucketize(N): boundaries; of text(N): most rows of the vocabulary, special
  /// rows included.
  std::int64_t size = 0;
  std::size_t dim = 0;    ///< width of the embedding; 0 for normalize, 1 for bias
  std::string separator;  ///< SEP of list(SEP)

  /// The name of the feature's table and vocabulary in messages and checkpoints: "title_text".
  std::string name() const;
  /// As declared: "title:text(10000):32".
  std::string declaration() const;
  /// Columns that the feature adds to its tower's input: dim, or 1 for normalize, or 0 for bias.
  std::size_t width() const {
    if (kind == FeatureKind::bias) return 0;
    return kind == FeatureKind::normalize ? 1 : dim;
  }
  bool has_table() const { return kind != FeatureKind::normalize; }
  /// Whether it has a list of table rows for each row of data, not one.
  bool has_lists() const { return kind == FeatureKind::text || kind == FeatureKind::list; }
};

/// Parses a declaration; `default_dim` is used where it names no DIM. SEP ends at the last bracket, so it may hold
/// colons and brackets; N may be written as 1e6. Throws UsageError that quotes the declaration, says what is wrong,
/// and lists the kinds.
FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim);

/// A feature that has seen the data: what is needed to turn raw values into table rows or scalars.
struct FittedFeature {
  FeatureSpec spec;
  /// The string of every table row, of which this rank has its block. lookup, list and bias: "[UNK]", then the distinct
  /// values by (XXH3-64 hash, string). text: "", "[UNK]", then the tokens by descending count, ties by descending
  /// bytes, as Keras orders them. Where a vocabulary has grown, the older rows come first.
  ingest::VocabularyBlock vocabulary;
  /// Rows that are new in the vocabulary since it was stored; all but the special ones when it never was.
  std::int64_t added = 0;
  /// bucketize: the boundaries are linspace(minimum, maximum, N).
  double minimum = 0;
  double maximum = 0;
  /// normalize: (x - mean) / deviation, with the population's deviation (1 where it is 0).
  double mean = 0;
  double deviation = 1;

  /// Rows of the feature's table: the vocabulary's size, or N for hash, N + 1 for bucketize, 0 for normalize.
  std::int64_t table_rows() const;
  /// The first of these that are of no value: for unknown ones, and for the padding of text.
  std::int64_t special_rows() const;
};

/// `count` (>= 2) points from `first` to `last`, with the rounding of numpy.linspace: first + i * step, and
/// exactly `last`. Takes no memory for them.
class Linspace {
 public:
  Linspace(double first, double last, std::int64_t count);

  double point(std::int64_t i) const {
    return i + 1 == count_ ? last_ : static_cast<double>(i) * step_ + first_;
  }
  /// How many points are not above `value`: where numpy.searchsorted(points, value, side="right") puts it.
  std::int64_t count_not_above(double value) const;

 private:
  double first_;
  double last_;
  std::int64_t count_;
  double step_;
};

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

/// Learns each feature from columns that are spread over the ranks, and turns this rank's rows into words. What it
/// learns does not depend on how the rows are spread. Features that are known from earlier keep their boundaries,
/// means and rows; strings that are new get rows after these, by the same order among themselves; the vocabulary of
/// text(N) grows up to N rows.
///
/// Throws AgreedError (usage) for a column that does not exist or does not hold what the kind needs, with the columns
/// there are, for two features of the same name, and for one that earlier features lack; AgreedError (data) for a
/// vocabulary or lists too long. Collective.
///
/// `is_known` says which of this rank's rows a lookup may take new values of its vocabulary from; null: all. The others' values are
/// unknown, unless they are in it already.
FeaturisedColumns featurize_columns(const std::vector<FeatureSpec>& specs, const ingest::Columns& columns,
                                    mpi::Communicator& communicator, const EarlierFeatures& earlier = {},
                                    const std::vector<bool>* is_known = nullptr);

}  // namespace gemel::features
