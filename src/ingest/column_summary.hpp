#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// What a column holds. The same on every rank.
struct ColumnSummary {
  std::string name;
  const char* kind = "text";          ///< "text", "number" (whole ones) or "decimals"
  std::int64_t distinct = 0;          ///< values
  std::vector<std::string> examples;  ///< the first distinct values, at most three
  /// Of numbers: the least and the greatest (to 53 bits).
  std::optional<std::pair<double, double>> range = {};
};

/// The columns of all ranks, those that people look for first before the others. Examples are those of the first `rows_for_examples` rows
/// of each rank. Collective.
std::vector<ColumnSummary> summarize_columns(const Columns& columns, std::size_t rows_for_examples,
                                             mpi::Communicator& communicator);

/// How many values are at least `least` and at most `most`.
struct ValueBin {
  double least = 0;
  double most = 0;
  std::int64_t values = 0;

  bool operator==(const ValueBin&) const = default;
};

/// Each of the distinct values of a column of numbers, ascending, where they are few; else ten ranges of equal width, without their
/// upper ends but for that of the last. Nothing where there is no such column. Collective.
std::vector<ValueBin> histogram_of(const Columns& columns, const std::string& name,
                                   mpi::Communicator& communicator);

}  // namespace gemel::ingest
