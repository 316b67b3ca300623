#include "learning/alternating_least_squares.hpp"

#include <utility>

namespace gemel::learning {
namespace {

Interactions without_special_rows(Interactions all, std::int64_t users, std::int64_t items) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all.rows[i] < static_cast<std::uint64_t>(users) || all.columns[i] < static_cast<std::uint64_t>(items))
      continue;
    all.rows[kept] = all.rows[i];
    all.columns[kept] = all.columns[i];
    if (!all.weights.empty()) all.weights[kept] = all.weights[i];
    ++kept;
  }
  all.rows.resize(kept);
  all.columns.resize(kept);
  if (!all.weights.empty()) all.weights.resize(kept);
  return all;
}

/// Exchanges rows with columns.
Interactions& transpose(Interactions& pairs) {
  std::swap(pairs.rows, pairs.columns);
  return pairs;
}

}  // namespace

AlternatingLeastSquares::AlternatingLeastSquares(const LeastSquaresOptions& options, const Workers& workers,
                                                 const Side& users, const Side& items, Interactions own)
    : own_(without_special_rows(std::move(own), users.special_rows, items.special_rows)),
      users_(workers, users.table, users.special_rows),
      items_(workers, items.table, items.special_rows),
      users_to_solve_(options, workers, users_, items_, own_),
      items_to_solve_(options, workers, items_, users_, transpose(own_)) {
  own_ = {};
}

}  // namespace gemel::learning
