#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest/columns.hpp"
#include "ingest/part.hpp"
#include "ingest/stored_split.hpp"

namespace gemel::ingest {

/// Interactions and the catalogue of items, of both of which a rank holds a block.
struct Dataset {
  std::string name;  ///< "MovieLens-100k", "synthetic"
  /// Interactions of all ranks together, and the global index of this rank's first one. Blocks are
  /// contiguous, in rank order; where their borders lie depends on the number of ranks, the global index of
  /// an interaction does not.
  std::int64_t total = 0;
  std::int64_t first = 0;
  /// This rank's block. Text: user_id. Numbers, where the data has them: timestamp (seconds), rating.
  Columns interactions;
  /// The item of each interaction of the block: a row of the catalogue.
  std::vector<std::int32_t> item_rows;
  /// The column of the weights, where the data says so; else empty.
  std::string weight_column;
  /// Whether the data comes split into parts; then `parts` has the part of each interaction of the block, the rank has a block of
  /// each part, in the order of Part, and `first` is that of its training interactions among those of all ranks.
  bool comes_split = false;
  std::vector<Part> parts;
  /// The split that is kept with prepared data, if it is.
  std::optional<StoredSplit> stored_split;
  /// Whether users come back to the same items by nature, so that a test has pairs of training without a mistake.
  bool users_come_back = false;
  /// This rank's block of the catalogue, in file order: items [catalogue_first, catalogue_first + catalogue.rows), which
  /// is its block of exchange::RowBlocks(catalogue_total, ranks). Text: item_id and, where the data
  /// has them, title and genres ("Action|Comedy").
  Columns catalogue;
  std::int64_t catalogue_first = 0;
  std::int64_t catalogue_total = 0;
  /// Identifies the content of interactions and catalogue, whatever the number of ranks that read it.
  std::uint64_t content_hash = 0;
  /// What of it comes from columns of interactions that are read only where something needs them; such hashes are added up.
  std::map<std::string, std::uint64_t> column_hashes;
};

}  // namespace gemel::ingest
