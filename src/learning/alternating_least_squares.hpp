#pragma once

#include <cstdint>

#include "gemel/options.hpp"
#include "learning/factor_table.hpp"
#include "learning/half_sweep.hpp"
#include "learning/interaction_lists.hpp"
#include "model/embedding_table.hpp"

namespace gemel::learning {

/// Implicit-feedback alternating least squares (Hu, Koren and Volinsky, ICDM 2008) on the tables of two ids. With the factors x_u of
/// users, y_i of items and the weight w_ui of an interaction (the sum over its repetitions), it lowers
///
///     sum over all u, i of c_ui (p_ui - x_u . y_i)^2  +  sum over u of l_u |x_u|^2  +  sum over i of l_i |y_i|^2
///
/// where p_ui is 1 and c_ui = alpha * w_ui for interactions, p_ui = 0 and c_ui = 1 for all other pairs, and
/// l_u = regularization * (n_u / mean n)^activity_power, n_u = sum over i of w_ui, the mean over users that have interactions; likewise
/// l_i. A penalty that grows with activity is of Rendle et al. (RecSys 2022). A sweep solves all users given the items, then all items
/// given the users.
class AlternatingLeastSquares {
 public:
  /// The table of an id's feature.
  struct Side {
    model::EmbeddingTable& table;   ///< of the same width on both sides
    std::int64_t special_rows = 0;  ///< the first ones, of unknown ids
  };

  /// `own`: this rank's interactions, rows of users and columns of items. Those of special rows are left out. The tables, and what
  /// `workers` refers to, must outlive the object. Collective.
  AlternatingLeastSquares(const LeastSquaresOptions& options, const Workers& workers, const Side& users,
                          const Side& items, Interactions own);

  /// The first half of a sweep. Returns what the users' lengths add to the objective, the same on every rank; not finite where the
  /// factors are not. Collective.
  double solve_users() { return users_to_solve_.run().penalty; }
  /// The second half. Returns the rest of the objective. Collective.
  double solve_items() { return items_to_solve_.run().objective; }

  /// The root of the mean square length of the factors of users, and of items, that have interactions. Collective.
  float user_length() { return users_to_solve_.length(); }
  float item_length() { return items_to_solve_.length(); }

 private:
  Interactions own_;  // until the lists are made
  FactorTable users_;
  FactorTable items_;
  HalfSweep users_to_solve_;
  HalfSweep items_to_solve_;
};

}  // namespace gemel::learning
