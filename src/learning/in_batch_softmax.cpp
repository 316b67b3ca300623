#include "gemel/learning/in_batch_softmax.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "gemel/learning/softmax_kernel.hpp"
#include "gemel/tensor/arithmetic.hpp"

namespace gemel::learning {
namespace {

static_assert(exchange::DistinctCandidates::granule % softmax_row_multiple == 0,
              "every row of logits must suit the softmax kernel");

/// A block of logits of this many floats, 256 KiB, stays in the second-level cache of today's processors.
constexpr std::size_t block_floats = 64 * 1024;
constexpr std::size_t least_block_rows = 16;
constexpr std::size_t most_block_rows = 256;

/// As TFRS clips sampling probabilities before it takes their logarithm.
constexpr double least_share = 1e-6;

}  // namespace

InBatchSoftmax::InBatchSoftmax(LossOptions options, std::span<const std::int64_t> item_counts)
    : options_(options) {
  if (!options.logq_correction) return;
  double total = 0;
  for (const std::int64_t count : item_counts) total += static_cast<double>(count);
  for (const std::int64_t count : item_counts) {
    log_shares_.push_back(
        static_cast<float>(std::log(std::clamp(static_cast<double>(count) / total, least_share, 1.0))));
  }
}

void InBatchSoftmax::prepare(const exchange::DistinctCandidates& candidates) {
  const std::size_t columns = candidates.columns();
  column_bias_.assign(columns, -std::numeric_limits<float>::infinity());
  log_multiplicities_.assign(columns, 0.0F);
  for (std::size_t column = 0; column < candidates.distinct(); ++column) {
    log_multiplicities_[column] = std::log(static_cast<float>(candidates.multiplicities()[column]));
    const auto item = static_cast<std::size_t>(candidates.rows()[column]);
    column_bias_[column] = log_multiplicities_[column] - (log_shares_.empty() ? 0.0F : log_shares_[item]);
  }
}

std::size_t InBatchSoftmax::block_rows(std::size_t columns) {
  return std::clamp(std::bit_floor(block_floats / std::max<std::size_t>(columns, 1)), least_block_rows,
                    most_block_rows);
}

double InBatchSoftmax::run(tensor::ConstMatrixView queries, std::span<const std::int32_t> labels,
                           tensor::ConstMatrixView vectors, tensor::MatrixView query_gradient,
                           tensor::MatrixView vector_gradient, onednn::Executor& executor,
                           Scratch& scratch) const {
  const std::size_t columns = vectors.rows();
  const std::size_t block = block_rows(columns);
  const float inverse_temperature = 1.0F / options_.temperature;
  double loss = 0;
  if (queries.rows() == 0) std::fill(vector_gradient.flat().begin(), vector_gradient.flat().end(), 0.0F);
  for (std::size_t first = 0; first < queries.rows(); first += block) {
    const std::size_t rows = std::min(block, queries.rows() - first);
    scratch.queries.resize(rows, queries.cols());
    scratch.logits.resize(rows, columns);
    scratch.factors.resize(rows);
    const tensor::MatrixView scaled_queries = scratch.queries.view();
    const tensor::MatrixView logits = scratch.logits.view();
    tensor::scale(queries.middle_rows(first, rows).flat(), inverse_temperature, scaled_queries.flat());
    executor.multiply_add_row(scaled_queries, vectors, onednn::Transpose::yes, column_bias_, logits);

    for (std::size_t i = 0; i < rows; ++i) {
      const auto label = static_cast<std::size_t>(labels[first + i]);
      float& label_logit = logits(i, label);
      const float own_logit = label_logit - log_multiplicities_[label];
      if (options_.remove_accidental_hits) label_logit = own_logit;
      const RowSoftmax softmax = exponentiate_row(logits.row(i));
      loss += std::log(static_cast<double>(softmax.sum)) + static_cast<double>(softmax.maximum) -
              static_cast<double>(own_logit);
      // d loss / d logit = exp / sum - [label]. The division by the sum is left to the d columns of the gradients below.
      label_logit -= softmax.sum;
      scratch.factors[i] = inverse_temperature / softmax.sum;
      tensor::scale(queries.row(first + i), scratch.factors[i], scaled_queries.row(i));
    }
    const tensor::MatrixView gradient = query_gradient.middle_rows(first, rows);
    executor.multiply(logits, onednn::Transpose::no, vectors, onednn::Transpose::no, gradient);
    executor.multiply(logits, onednn::Transpose::yes, scaled_queries, onednn::Transpose::no, vector_gradient,
                      first == 0 ? onednn::Write::overwrite : onednn::Write::accumulate);
    for (std::size_t i = 0; i < rows; ++i)
      tensor::scale(gradient.row(i), scratch.factors[i], gradient.row(i));
  }
  return loss;
}

}  // namespace gemel::learning
