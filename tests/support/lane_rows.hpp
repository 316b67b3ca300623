#pragma once

#include <cstdint>
#include <optional>

#include "exchange/row_gradient.hpp"
#include "support/lanes.hpp"

/// Row gradients that are functions of (table, lane, row), so that every rank knows every lane's.
namespace gemel::test {

/// Whether lane `lane` touches row `row` of table `table`: some rows all, some none, most a few.
inline bool touches(std::size_t table, int lane, std::int64_t row) {
  if (row % 10 == 0) return false;
  if (row % 10 == 1) return true;
  return number(900 + table, static_cast<std::uint64_t>(lane * 1000 + row)) > 0.3F;
}

inline float row_value(std::size_t table, int lane, std::int64_t row, std::size_t column) {
  if (row % 10 == 2) return -0.0F;  // survives only if absent lanes add nothing
  return number(table * 100 + static_cast<std::size_t>(lane), static_cast<std::uint64_t>(row) * 64 + column);
}

inline exchange::RowGradient lane_gradient(std::size_t table, int lane, std::int64_t rows, std::size_t dim) {
  exchange::RowGradient result;
  result.values.resize(static_cast<std::size_t>(rows), dim);
  for (std::int64_t row = 0; row < rows; ++row) {
    if (!touches(table, lane, row)) continue;
    for (std::size_t column = 0; column < dim; ++column) {
      result.values(result.rows.size(), column) = row_value(table, lane, row, column);
    }
    result.rows.push_back(row);
  }
  return result;
}

/// The sum along the tree over the lanes that have the row; nothing where none has it.
inline std::optional<float> row_sum(int first, int last, std::size_t table, std::int64_t row,
                                    std::size_t column) {
  if (last - first == 1) {
    if (!touches(table, first, row)) return std::nullopt;
    return row_value(table, first, row, column);
  }
  int half = 1;
  while (half * 2 < last - first) half *= 2;
  const auto left = row_sum(first, first + half, table, row, column);
  const auto right = row_sum(first + half, last, table, row, column);
  if (left && right) return *left + *right;
  return left ? left : right;
}

}  // namespace gemel::test
