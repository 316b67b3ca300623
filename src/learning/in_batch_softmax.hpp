#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "exchange/distinct_candidates.hpp"
#include "gemel/options.hpp"
#include "ingest/user_history.hpp"
#include "learning/loss_columns.hpp"
#include "learning/negatives.hpp"
#include "learning/seen_mask.hpp"
#include "learning/temperature.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::learning {

/// The loss: for each query of the global batch, softmax cross-entropy over the candidates of the batch with the query's own
/// candidate as the label; summed over the batch. As tfrs.tasks.Retrieval computes it over B columns, one for each example; here
/// there is one column for each distinct candidate, weighted by its multiplicity m:
///
///   logit(i, j) = q_i . c_j / temperature - alpha log q_j                            (logQ: loss_columns.hpp; temperature.hpp)
///   log Z_i = log sum_j m_j exp(logit(i, j))
///   target_i = (1 - epsilon) logit(i, label_i) + epsilon sum_j m_j logit(i, j) / sum_j m_j
///   loss = sum_i w_i [ W log Z_i - target_i ]
///
/// which is the same number. Its gradient by logit(i, j) is w_i (W p_ij - target share of j), p = m_j exp(logit(i, j)) / Z_i.
///
///   w        weights of the examples; 1 when they have none
///   W        partition weight; 1 is the cross-entropy. Another W is how the bilateral softmax loss weighs its two sides when a query
///            has one positive (the ratio of its two temperatures; Wu et al., ICDE 2024, arXiv 2312.12882)
///            Without a bound on the scores, as cosines have, the loss has none: s more on all logits of a row is (W - 1) s more loss
///   epsilon  label smoothing (Szegedy et al., CVPR 2016)
///
/// The columns j of a row i are the batch's candidates and extra draws, or the whole catalogue (negatives.hpp). With accidental hits
/// removed, m of the query's own column is 1 for that query. With seen items masked, a row has no columns of other training items of
/// its user, S_i: j runs over { j : j = label_i or item of j not in S_i }. With N hard negatives (tfrs.layers.loss.HardNegativeMining, which takes
/// the N best of B - 1 examples) only the own column and the N others that the row has of the highest logits, with their multiplicities, are
/// left; of equal logits the first columns.
///
/// Gradients are those of this sum or, for LossReduction::mean, of the sum divided by the weight of the batch, sum_i w_i. The loss that
/// is returned is the sum always.
/// Rows are computed in blocks that stay in the cache; the whole matrix of logits is never stored.
class InBatchSoftmax {
 public:
  /// Memory of one thread, kept from call to call.
  struct Scratch {
    tensor::Matrix logits;   // [block rows, columns]
    tensor::Matrix queries;  // [block rows, d]
    std::vector<float>
        factors;  // [block rows] by what the stored gradients of the logits are to be multiplied
    std::vector<float> scores;  // [columns] of one row, to be ordered
    std::vector<float> shares;  // [columns] of one row's smoothed target
  };

  /// `item_counts[i]`: training examples of catalogue row i; their shares are the q of the logQ correction. `seed` is that of extra
  /// negatives. `dense` has a learned temperature, and must outlive the loss. So must `seen`, the training items of every user: only
  /// for options that mask them.
  InBatchSoftmax(LossOptions options, std::span<const std::int64_t> item_counts, std::uint64_t seed,
                 const model::DenseParameters& dense, const ingest::UserHistory* seen = nullptr);

  /// Which items are columns besides the batch's own candidates.
  const Negatives& negatives() const { return negatives_; }
  /// Whether `prepare` needs the weight of the batch.
  bool takes_mean() const { return options_.reduction == LossReduction::mean; }

  /// Sets the columns of the coming batch, its weight (the number of examples, or the sum of their weights) and the temperature.
  /// Before `run` of any of its lanes.
  void prepare(const exchange::DistinctCandidates& candidates, double batch_weight);

  /// One lane's part of a batch.
  struct Rows {
    tensor::ConstMatrixView queries;           ///< [rows, d]
    std::span<const std::int32_t> labels;      ///< [rows] the column of each query's own candidate
    std::span<const float> weights = {};       ///< [rows] of each example's loss; empty: all are 1
    std::span<const std::int32_t> users = {};  ///< [rows] of each query; needed where seen items are masked
  };

  /// One lane of the batch, and the vectors [columns, d] of all columns. Writes the gradients, query_gradient [rows, d] and
  /// vector_gradient [columns, d], and returns the lane's loss. Different lanes may run at once with different executors and scratch.
  double run(const Rows& rows, tensor::ConstMatrixView vectors, tensor::MatrixView query_gradient,
             tensor::MatrixView vector_gradient, onednn::Executor& executor, Scratch& scratch) const;

  /// Writes the lane's gradient of a learned temperature, laid out like the dense parameters. After `run`.
  void write_temperature_gradient(tensor::ConstMatrixView queries, tensor::ConstMatrixView query_gradient,
                                  std::span<float> dense_gradient) const {
    temperature_.write_gradient(queries, query_gradient, dense_gradient);
  }

  /// Floating-point operations of the matrix products of `run`: two for each multiply-add.
  static std::int64_t flops(std::size_t rows, std::size_t columns, std::size_t dim) {
    return static_cast<std::int64_t>(3 * 2 * rows * columns * dim);
  }

  /// Rows of a block for this many columns: a power of two that depends on the columns alone.
  static std::size_t block_rows(std::size_t columns);

 private:
  void keep_hardest(std::span<float> logits, std::size_t label, Scratch& scratch) const;
  double smooth_target(std::span<const float> logits, std::size_t label, float own_logit,
                       Scratch& scratch) const;

  LossOptions options_;
  const model::DenseParameters& dense_;
  Temperature temperature_;
  Negatives negatives_;
  LossColumns columns_;
  std::optional<SeenMask> mask_;
  float inverse_temperature_ = 1.0F;
  float gradient_scale_ = 1.0F;  // 1, or 1 / weight of the batch
};

}  // namespace gemel::learning
