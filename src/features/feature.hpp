#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "features/kind.hpp"
#include "ingest/vocabulary.hpp"

namespace gemel::features {

/// A feature as the user declares it: COLUMN:KIND[:DIM].
struct FeatureSpec {
  std::string column;
  std::shared_ptr<const Kind> kind;
  std::size_t dim = 0;  ///< width of the embedding; 1 for a bias, 0 for numbers

  /// The name of the feature's table and vocabulary in messages and checkpoints: "title_text".
  std::string name() const;
  /// As declared: "title:text(10000):32".
  std::string declaration() const;
  /// Columns that the feature adds to its tower's input: dim, or 1 for numbers, or 0 for a bias.
  std::size_t width() const;
  bool has_table() const { return kind->has_table(); }
  bool is_bias() const { return kind->is_bias(); }
};

/// Parses a declaration; `default_dim` is used where it names no DIM. What stands in brackets ends at the last one, so it may hold
/// colons and brackets. Throws UsageError that quotes the declaration, says what is wrong, and lists the kinds.
FeatureSpec parse_feature(std::string_view declaration, std::size_t default_dim);

/// A feature that has seen the data: what is needed to turn raw values into table rows or numbers. Its kind has what it has learned,
/// but for the vocabulary.
struct FittedFeature {
  FeatureSpec spec;
  /// The string of every table row, of which this rank has its block; none for kinds without. Special rows come first, then the
  /// strings in the order of the kind. Where a vocabulary has grown, the older rows come first.
  ingest::VocabularyBlock vocabulary;
  /// Rows that are new in the vocabulary since it was stored; all but the special ones when it never was.
  std::int64_t added = 0;

  /// Rows of the feature's table; 0 where it has none.
  std::int64_t table_rows() const { return spec.has_table() ? spec.kind->table_rows(vocabulary.rows) : 0; }
  /// The first of these that are of no value: for unknown ones, and for the padding of text.
  std::int64_t special_rows() const { return spec.kind->special_rows(); }
};

}  // namespace gemel::features
