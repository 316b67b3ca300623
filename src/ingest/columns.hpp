#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ingest/text_column.hpp"

namespace gemel::ingest {

/// Named columns of equal length: raw values as they were read, before featurisation. Text is UTF-8.
struct Columns {
  std::size_t rows = 0;
  std::map<std::string, TextColumn> strings;
  std::map<std::string, std::vector<std::int64_t>> numbers;
  /// Columns that have numbers with decimals: for weights, not for features.
  std::map<std::string, std::vector<double>> decimals;

  /// The names of all columns with what they hold, for messages: "item_id (text), title (text)".
  std::string describe() const;
};

}  // namespace gemel::ingest
