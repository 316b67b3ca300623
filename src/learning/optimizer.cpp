#include "learning/optimizer.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "learning/learning_rate.hpp"
#include "learning/optimizer_slots.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::learning {

std::size_t row_state_bytes(const OptimizerOptions& options, std::size_t dim) {
  const bool is_lazy = options.weight_decay > 0 || options.average_decay > 0;
  std::size_t bytes = is_lazy ? sizeof(std::int64_t) : 0;
  if (options.average_decay > 0) bytes += dim * sizeof(float);
  for (const SlotKind& kind : slot_kinds(options)) bytes += (kind.is_per_row ? 1 : dim) * sizeof(float);
  return bytes;
}

Optimizer::Optimizer(const OptimizerOptions& options, model::TwoTower& model)
    : options_(options), dense_(model.dense()), tables_(model.tables()), not_finite_(tables_.size() + 1) {
  base::require(options.kind != OptimizerKind::adam || options.weight_decay == 0,
                "learning: adam decays no weights");
  for (const SlotKind& kind : slot_kinds(options)) {
    Slot& slot = slots_.emplace_back();
    slot.name = kind.name;
    slot.dense.assign(dense_.size(), kind.initial);
    for (const model::EmbeddingTable* table : tables_) {
      tensor::Matrix& values =
          slot.tables.emplace_back(table->weights().rows(), kind.is_per_row ? 1 : table->dim());
      std::fill_n(values.data(), values.size(), kind.initial);
    }
  }
  if (averages_weights()) {
    slots_.emplace_back().name = "average";
    restart_averages();
  }
  if (options.embedding_l2 > 0) penalized_.resize(tables_.size());
  if (!is_lazy()) return;
  for (const model::EmbeddingTable* table : tables_) settled_.emplace_back(table->weights().rows(), 0);
}

void Optimizer::begin_step(float gradient_scale) {
  factors_ = step_factors(options_, steps_, gradient_scale);
  if (decays_weights()) {
    due_.push_back(1.0F - learning_rate(options_, steps_) * options_.weight_decay);
  }
  ++steps_;
}

void Optimizer::restart_averages() {
  if (!averages_weights()) return;
  Slot& averages = slots_.back();
  averages.tables.clear();
  averages.dense.assign(dense_.values().begin(), dense_.values().end());
  for (const model::EmbeddingTable* table : tables_) {
    const tensor::Matrix& weights = table->weights();
    tensor::Matrix& values = averages.tables.emplace_back(weights.rows(), weights.cols());
    std::copy_n(weights.data(), weights.size(), values.data());
  }
}

void Optimizer::update_dense(std::span<const float> gradient) {
  if (decays_weights()) tensor::decay(dense_.values(), std::span(due_).last(1));
  tensor::Slots slots;
  for (std::size_t i = 0; i < rule_slots(); ++i) slots[i] = slots_[i].dense;
  if (!tensor::update(options_, factors_, dense_.values(), gradient, slots)) note_not_finite(tables_.size());
  if (averages_weights())
    tensor::approach(slots_.back().dense, dense_.values(), 1.0F - options_.average_decay);
}

void Optimizer::note_not_finite(std::size_t part) {
  if (not_finite_[part] == 0) not_finite_[part] = steps_;
}

std::int64_t Optimizer::first_step_not_finite() const {
  std::int64_t first = 0;
  for (const std::int64_t step : not_finite_)
    if (step > 0 && (first == 0 || step < first)) first = step;
  return first;
}

void Optimizer::update_row(std::size_t table, std::size_t row, std::span<const float> gradient) {
  const std::span<float> weights = tables_[table]->weights().row(row);
  tensor::StepFactors factors = factors_;
  if (is_lazy()) settle_row(table, row, steps_ - 1);
  if (options_.embedding_l2 > 0) {
    gradient = penalize(table, row, gradient);
    factors.gradient_scale = 1.0F;
  }
  if (decays_weights()) tensor::decay(weights, std::span(due_).last(1));
  tensor::Slots slots;
  for (std::size_t i = 0; i < rule_slots(); ++i) slots[i] = slots_[i].tables[table].row(row);
  if (!tensor::update(options_, factors, weights, gradient, slots)) note_not_finite(table);
  if (averages_weights()) {
    tensor::approach(slots_.back().tables[table].row(row), weights, 1.0F - options_.average_decay);
  }
  if (is_lazy()) settled_[table][row] = steps_;
}

/// The row's gradient, scaled, with that of the penalty.
std::span<const float> Optimizer::penalize(std::size_t table, std::size_t row,
                                           std::span<const float> gradient) {
  std::vector<float>& sum = penalized_[table];
  sum.resize(gradient.size());
  tensor::scale(gradient, factors_.gradient_scale, sum);
  tensor::add_scaled(sum, options_.embedding_l2, tables_[table]->weights().row(row));
  return sum;
}

void Optimizer::settle_rows(std::size_t table, std::span<const std::int64_t> rows) {
  if (is_settled()) return;
  for (const std::int64_t row : rows) settle_row(table, tables_[table]->index(row), steps_);
}

void Optimizer::settle_all() {
  if (is_settled()) return;
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    for (std::size_t row = 0; row < settled_[table].size(); ++row) settle_row(table, row, steps_);
  }
  due_.clear();
  first_due_ = steps_;
}

/// Gives a row the decays and averages of the steps before step `until`.
void Optimizer::settle_row(std::size_t table, std::size_t row, std::int64_t until) {
  std::int64_t& settled = settled_[table][row];
  const std::span<float> weights = tables_[table]->weights().row(row);
  std::span<const float> factors;
  if (decays_weights()) {
    factors = std::span<const float>(due_).subspan(static_cast<std::size_t>(settled - first_due_),
                                                   static_cast<std::size_t>(until - settled));
  }
  if (averages_weights()) {
    const std::span<float> averages = slots_.back().tables[table].row(row);
    bool changes = true;
    for (std::int64_t step = 0; step < until - settled && changes; ++step) {
      if (decays_weights()) tensor::decay(weights, factors.subspan(static_cast<std::size_t>(step), 1));
      changes = tensor::approach(averages, weights, 1.0F - options_.average_decay) || decays_weights();
    }
  } else {
    tensor::decay(weights, factors);
  }
  settled = until;
}

void Optimizer::swap_averages() {
  base::require(averages_weights() && is_settled(), "learning: averages that are not up to date");
  Slot& averages = slots_.back();
  std::swap_ranges(averages.dense.begin(), averages.dense.end(), dense_.values().begin());
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    std::swap(averages.tables[table], tables_[table]->weights());
  }
}

void Optimizer::resume_at(std::int64_t steps) {
  steps_ = steps;
  std::ranges::fill(not_finite_, 0);
  first_due_ = steps;
  due_.clear();
  for (auto& rows : settled_) std::fill(rows.begin(), rows.end(), steps);
}

}  // namespace gemel::learning
