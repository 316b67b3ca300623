#include "learning/in_batch_softmax.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "base/error.hpp"
#include "tensor/arithmetic.hpp"
#include "tensor/softmax_kernel.hpp"

namespace gemel::learning {
namespace {

static_assert(exchange::DistinctCandidates::granule % tensor::softmax_row_multiple == 0,
              "every row of logits must suit the softmax kernel");

/// A block of logits of this many floats, 256 KiB, stays in the second-level cache of today's processors. But each block also goes
/// through all columns of the vectors and of their gradient, so fewer rows cost more than they save: of 2048 x 7904 x 64, 16 rows
/// reach .60 of a core's peak, 64 rows .72.
constexpr std::size_t block_floats = 64 * 1024;
constexpr std::size_t least_block_rows = 64;
constexpr std::size_t most_block_rows = 256;

/// The logit of a column that a row does not have.
constexpr float excluded = -std::numeric_limits<float>::infinity();

}  // namespace

InBatchSoftmax::InBatchSoftmax(LossOptions options, std::span<const std::int64_t> item_counts,
                               std::uint64_t seed, const model::DenseParameters& dense,
                               const ingest::UserHistory* seen)
    : options_(options),
      dense_(dense),
      temperature_(options, dense.layout()),
      negatives_(options, item_counts, seed),
      columns_(options, item_counts, negatives_) {
  if (!options.mask_seen) return;
  base::require(seen != nullptr, "learning: no items of users to be masked");
  mask_.emplace(*seen, item_counts.size());
}

void InBatchSoftmax::prepare(const exchange::DistinctCandidates& candidates, double batch_weight) {
  columns_.assign(candidates, negatives_);
  if (mask_) mask_->assign(candidates);
  inverse_temperature_ = temperature_.inverse(dense_.values());
  gradient_scale_ = takes_mean() && batch_weight > 0 ? static_cast<float>(1.0 / batch_weight) : 1.0F;
}

std::size_t InBatchSoftmax::block_rows(std::size_t columns) {
  return std::clamp(std::bit_floor(block_floats / std::max<std::size_t>(columns, 1)), least_block_rows,
                    most_block_rows);
}

double InBatchSoftmax::run(const Rows& lane, tensor::ConstMatrixView vectors,
                           tensor::MatrixView query_gradient, tensor::MatrixView vector_gradient,
                           onednn::Executor& executor, Scratch& scratch) const {
  const tensor::ConstMatrixView queries = lane.queries;
  const std::size_t columns = vectors.rows();
  const std::size_t block = block_rows(columns);
  const std::span<const float> log_multiplicities = columns_.log_multiplicities();
  const float partition_weight = options_.partition_weight;
  const float own_share = 1.0F - options_.label_smoothing;
  double loss = 0;
  if (queries.rows() == 0) std::fill(vector_gradient.flat().begin(), vector_gradient.flat().end(), 0.0F);
  for (std::size_t first = 0; first < queries.rows(); first += block) {
    const std::size_t rows = std::min(block, queries.rows() - first);
    scratch.queries.resize(rows, queries.cols());
    scratch.logits.resize(rows, columns);
    scratch.factors.resize(rows);
    const tensor::MatrixView scaled_queries = scratch.queries.view();
    const tensor::MatrixView logits = scratch.logits.view();
    tensor::scale(queries.middle_rows(first, rows).flat(), inverse_temperature_, scaled_queries.flat());
    executor.multiply_add_row(scaled_queries, vectors, onednn::Transpose::yes, columns_.bias(), logits);

    for (std::size_t i = 0; i < rows; ++i) {
      const auto label = static_cast<std::size_t>(lane.labels[first + i]);
      const float weight = lane.weights.empty() ? 1.0F : lane.weights[first + i];
      float& label_logit = logits(i, label);
      const float own_logit = label_logit - log_multiplicities[label];
      if (options_.remove_accidental_hits) label_logit = own_logit;
      if (mask_) mask_->apply(lane.users[first + i], label, logits.row(i));
      if (options_.hard_negatives > 0) keep_hardest(logits.row(i), label, scratch);
      const double target = options_.label_smoothing > 0
                                ? smooth_target(logits.row(i), label, own_logit, scratch)
                                : static_cast<double>(own_logit);
      const tensor::RowSoftmax softmax = tensor::exponentiate_row(logits.row(i));
      const double log_partition =
          std::log(static_cast<double>(softmax.sum)) + static_cast<double>(softmax.maximum);
      loss += static_cast<double>(weight) * (static_cast<double>(partition_weight) * log_partition - target);
      // d loss / d logit = w (W exp / sum - target share). Times sum / (w W) here; the rest is left to the d columns of the
      // gradients below.
      const float unit = softmax.sum / partition_weight;
      label_logit -= own_share * unit;
      if (options_.label_smoothing > 0) tensor::add_scaled(logits.row(i), -unit, scratch.shares);
      scratch.factors[i] = inverse_temperature_ * (weight * partition_weight * gradient_scale_) / softmax.sum;
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

/// Leaves the label and the hard_negatives others of the highest logits (without log m) of a row, and makes the rest -infinity.
void InBatchSoftmax::keep_hardest(std::span<float> logits, std::size_t label, Scratch& scratch) const {
  const auto kept = static_cast<std::size_t>(options_.hard_negatives);
  if (kept + 1 >= logits.size()) return;
  const std::span<const float> log_multiplicities = columns_.log_multiplicities();
  const auto score = [&](std::size_t column) {
    return column == label ? excluded : logits[column] - log_multiplicities[column];
  };
  scratch.scores.resize(logits.size());
  for (std::size_t column = 0; column < logits.size(); ++column) {
    scratch.scores[column] = score(column);
    if (std::isnan(scratch.scores[column])) return;  // has no order; the loss will be NaN
  }
  const auto last = scratch.scores.begin() + static_cast<std::ptrdiff_t>(kept - 1);
  std::nth_element(scratch.scores.begin(), last, scratch.scores.end(), std::greater<>());
  const float least = *last;
  auto equal_left = kept - static_cast<std::size_t>(std::count_if(
                               scratch.scores.begin(), last, [&](float other) { return other > least; }));
  for (std::size_t column = 0; column < logits.size(); ++column) {
    if (column == label || score(column) > least) continue;
    if (score(column) == least && equal_left > 0) {
      --equal_left;
    } else {
      logits[column] = excluded;
    }
  }
}

/// The smoothed target of a row: returns its logit, the mean of all that are not excluded, and fills in the shares in it of all
/// columns, but for the label's own 1 - epsilon.
double InBatchSoftmax::smooth_target(std::span<const float> logits, std::size_t label, float own_logit,
                                     Scratch& scratch) const {
  std::vector<float>& shares = scratch.shares;
  shares.assign(logits.size(), 0.0F);
  double total = 0;
  double weighted = 0;
  for (std::size_t column = 0; column < logits.size(); ++column) {
    if (logits[column] == excluded) continue;
    const bool is_alone = column == label && options_.remove_accidental_hits;
    const float logit = logits[column] - (is_alone ? 0.0F : columns_.log_multiplicities()[column]);
    shares[column] = is_alone ? 1.0F : columns_.multiplicities()[column];
    total += static_cast<double>(shares[column]);
    weighted += static_cast<double>(shares[column]) * static_cast<double>(logit);
  }
  const auto epsilon = static_cast<double>(options_.label_smoothing);
  tensor::scale(shares, static_cast<float>(epsilon / total), shares);
  return (1.0 - epsilon) * static_cast<double>(own_logit) + epsilon * weighted / total;
}

}  // namespace gemel::learning
