#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gemel/exchange/distinct_candidates.hpp"
#include "gemel/learning/options.hpp"
#include "gemel/onednn/runtime.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::learning {

/// The loss: for each query of the global batch, softmax cross-entropy over the candidates of the batch with the query's own
/// candidate as the label; summed over the batch. As tfrs.tasks.Retrieval computes it over B columns, one for each example; here
/// there is one column for each distinct candidate, weighted by its multiplicity m:
///
///   logit(i, j) = q_i . c_j / temperature - log(share of candidate j)        (logQ, optional)
///   loss = sum_i [ log sum_j m_j exp(logit(i, j)) - logit(i, label_i) ]
///
/// which is the same number. With accidental hits removed, m of the query's own column is 1 for that query.
/// Rows are computed in blocks that stay in the cache; the whole matrix of logits is never stored.
class InBatchSoftmax {
 public:
  /// Memory of one thread, kept from call to call.
  struct Scratch {
    tensor::Matrix logits;       // [block rows, columns]
    tensor::Matrix queries;      // [block rows, d]
    std::vector<float> factors;  // [block rows] 1 / (temperature * sum of the row)
  };

  /// `item_counts[i]`: training examples of catalogue row i; their shares are the q of the logQ correction.
  InBatchSoftmax(LossOptions options, std::span<const std::int64_t> item_counts);

  /// Sets the columns of the coming batch. Before `run` of any of its lanes.
  void prepare(const exchange::DistinctCandidates& candidates);

  /// One lane of the batch: queries [rows, d] with labels[i] the column of query i's candidate, and the vectors [columns, d] of
  /// all candidates. Writes the gradients of the lane's loss, query_gradient [rows, d] and vector_gradient [columns, d], and
  /// returns the lane's loss. Different lanes may run at once with different executors and scratch.
  double run(tensor::ConstMatrixView queries, std::span<const std::int32_t> labels,
             tensor::ConstMatrixView vectors, tensor::MatrixView query_gradient,
             tensor::MatrixView vector_gradient, onednn::Executor& executor, Scratch& scratch) const;

  /// Rows of a block for this many columns: a power of two that depends on the columns alone.
  static std::size_t block_rows(std::size_t columns);

 private:
  LossOptions options_;
  std::vector<float> log_shares_;          // per catalogue row; empty without logQ correction
  std::vector<float> column_bias_;         // log(m) - log(share), -infinity for padding
  std::vector<float> log_multiplicities_;  // per column
};

}  // namespace gemel::learning
