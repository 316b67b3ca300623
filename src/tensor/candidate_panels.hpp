#pragma once

#include <cstddef>

#include "tensor/matrix.hpp"

namespace gemel::tensor {

/// Candidate vectors, laid out for scoring: panels of 32 candidates, in each the first value of all of them, then the second, and so
/// on. So products with many queries run at the rate of multiply-adds, and those with one query at the rate of memory.
class CandidatePanels {
 public:
  static constexpr std::size_t panel = 32;

  /// Copies `candidates` [rows, d].
  explicit CandidatePanels(ConstMatrixView candidates);

  std::size_t count() const { return values_.rows(); }  ///< of panels; the last one is filled up with zeros
  std::size_t dim() const { return dim_; }

  /// The scores of queries [rows, d] with the candidates of the panels [first, first + count): that of query i with the first candidate
  /// is scores[i * stride], with the next one scores[i * stride + 1]. stride >= count * panel.
  ///
  /// A score is the sum of the products of the values in their order, on every path through this code: its bits depend on nothing
  /// but the two vectors and the instruction set.
  void score(ConstMatrixView queries, std::size_t first, std::size_t count, float* scores,
             std::size_t stride) const;

 private:
  std::size_t dim_;
  Matrix values_;  // [panels, d * panel]
};

}  // namespace gemel::tensor
