#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/ingest/columns.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

enum class FeatureKind {
  lookup,     ///< text -> row of a vocabulary -> embedding
  bucketize,  ///< number -> one of N + 1 buckets between N boundaries -> embedding
  normalize,  ///< number -> z-score, one scalar
  text,       ///< text -> tokens -> embeddings -> their mean
};

/// A feature as the user declares it: COLUMN:KIND[:DIM], KIND one of lookup, bucketize(N), normalize,
/// text(N).
struct FeatureSpec {
  std::string column;
  FeatureKind kind = FeatureKind::lookup;
  std::int64_t size =
      0;  ///< N of bucketize(N): boundaries; of text(N): most rows of the vocabulary, special rows included
  std::size_t dim = 0;  ///< width of the embedding; 0 for normalize

  /// The name of the feature's table and vocabulary in messages and checkpoints: "title_text".
  std::string name() const;
  /// As declared: "title:text(10000):32".
  std::string declaration() const;
  /// Columns that the feature adds to its tower's input: dim, or 1 for normalize.
  std::size_t width() const { return kind == FeatureKind::normalize ? 1 : dim; }
  bool has_table() const { return kind != FeatureKind::normalize; }
};

/// Parses a declaration; `default_dim` is used where it names no DIM. Throws UsageError that quotes the
/// declaration, says what is wrong, and lists the kinds.
FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim);

/// A feature that has seen the data: what is needed to turn raw values into table rows or scalars.
struct FittedFeature {
  FeatureSpec spec;
  /// The string of every table row, special rows included. lookup: "[UNK]", then the distinct values by
  /// (XXH3-64 hash, string). text: "", "[UNK]", then the tokens by descending count, ties by descending
  /// bytes, as Keras orders them.
  std::vector<std::string> vocabulary;
  /// bucketize: the boundaries are linspace(minimum, maximum, N).
  double minimum = 0;
  double maximum = 0;
  /// normalize: (x - mean) / deviation, with the population's deviation (1 where it is 0).
  double mean = 0;
  double deviation = 1;

  /// Rows of the feature's table: the vocabulary's size, or N + 1 for bucketize, or 0 for normalize.
  std::size_t table_rows() const;
};

/// `count` (>= 2) points from `first` to `last`, with the rounding of numpy.linspace: first + i * step, and
/// exactly `last`.
std::vector<double> linspace(double first, double last, std::int64_t count);

/// Table rows of multi-valued features: row lists, end to end.
struct RowLists {
  std::vector<std::uint32_t> offsets = {0};  ///< list i is rows[offsets[i] .. offsets[i + 1])
  std::vector<std::int32_t> rows;
};

/// Featurised rows: one 32-bit word per row and feature, [rows, features] row-major. The word of a lookup or
/// bucketize feature is a table row; of a normalize feature the bits of a float; of a text feature the index
/// of a list in `lists`.
struct FeatureRows {
  std::size_t features = 0;
  std::vector<std::uint32_t> words;
  std::vector<RowLists> lists;  ///< one per feature; empty but for text

  std::size_t size() const { return features == 0 ? 0 : words.size() / features; }
};

/// Appends the table rows that feature `feature`, of this kind, has in the selected rows (-1: none), with repetitions.
void append_table_rows(FeatureKind kind, std::size_t feature, const FeatureRows& rows,
                       std::span<const std::int32_t> selection, std::vector<std::int64_t>& table_rows);

/// Learns each feature from a column that is spread over the ranks of `communicator` (Communicator::self()
/// for columns that every rank holds whole). What it learns does not depend on how the rows are spread.
/// Collective. Throws UsageError for a column that does not exist or does not hold what the kind needs, with
/// the columns there are, and for two features of the same name.
std::vector<FittedFeature> fit_features(const std::vector<FeatureSpec>& specs, const Columns& columns,
                                        mpi::Communicator& communicator);

/// Turns raw columns into feature words. Values that were not seen by `fit_features` become the
/// out-of-vocabulary row. Throws UsageError as fit_features does. Not collective.
FeatureRows featurize(const std::vector<FittedFeature>& features, const Columns& columns);

}  // namespace gemel::ingest
