#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/candidate_panels.hpp"
#include "tensor/confidence_products.hpp"
#include "tensor/matrix.hpp"

namespace gemel::learning {

/// The least-squares systems of rows x of one table given all vectors y of the other:
///
///     (sum over all of y y' + l I + sum over own of (c - 1) y y') x = sum over own of c y
///
/// whose solution makes the least of  sum over own of c (1 - x . y)^2 + sum over all others of (x . y)^2 + l |x|^2  (Hu, Koren and
/// Volinsky, ICDM 2008). A few steps of conjugate gradients from the row's last value take the place of a solution (Takacs, Pilaszy
/// and Tikk, RecSys 2011). The bits of a row depend on its own system alone, not on which rows are solved beside it.
class RowSystems {
 public:
  /// `gram` [d, d], the sum of y y', is copied.
  RowSystems(tensor::ConstMatrixView gram, std::int64_t steps);

  /// One row's own part of its system.
  struct Row {
    tensor::ConfidentVectors own;
    float regularization = 0;  ///< l
  };
  /// What was made of a row.
  struct Outcome {
    double objective = 0;       ///< what the row's solution makes least, l |x|^2 included
    double squared_length = 0;  ///< |x|^2
  };
  /// Memory that `solve` reuses between calls, one for each thread.
  struct Scratch {
    tensor::Matrix residuals;
    tensor::Matrix directions;
    tensor::Matrix images;       // of the directions
    std::vector<float> shared;   // products with the Gram matrix, [rows, stride]
    std::vector<float> squares;  // |residual|^2 of each row
  };

  /// Improves x [rows.size(), d]; outcomes[i] is that of row i. May be called from several threads.
  void solve(std::span<const Row> rows, tensor::MatrixView x, std::span<Outcome> outcomes,
             Scratch& scratch) const;

  /// Rows that are best solved at once are a multiple of this.
  static constexpr std::size_t row_multiple = 6;

 private:
  void multiply_shared(tensor::ConstMatrixView x, Scratch& scratch) const;
  void start(std::span<const Row> rows, tensor::ConstMatrixView x, std::span<Outcome> outcomes,
             Scratch& scratch) const;
  void step(std::span<const Row> rows, tensor::MatrixView x, std::span<Outcome> outcomes,
            Scratch& scratch) const;

  tensor::CandidatePanels gram_;
  std::size_t stride_;
  std::int64_t steps_;
};

/// gram [d, d] += the sum of y y' over the rows of `vectors` [rows, d], in chunks of rows: its order is fixed.
void add_gram(tensor::ConstMatrixView vectors, tensor::MatrixView gram);

}  // namespace gemel::learning
