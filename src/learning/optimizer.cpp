#include "gemel/learning/optimizer.hpp"

#include <algorithm>

#include "gemel/base/error.hpp"
#include "gemel/learning/learning_rate.hpp"

namespace gemel::learning {

std::size_t row_state_bytes(const OptimizerOptions& options, std::size_t dim) {
  std::size_t bytes = options.weight_decay > 0 ? sizeof(std::int64_t) : 0;
  for (const SlotKind& kind : slot_kinds(options)) bytes += (kind.is_per_row ? 1 : dim) * sizeof(float);
  return bytes;
}

Optimizer::Optimizer(const OptimizerOptions& options, model::TwoTower& model)
    : options_(options), dense_(model.dense()), tables_(model.tables()) {
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
  if (!decays_weights()) return;
  for (const model::EmbeddingTable* table : tables_) settled_.emplace_back(table->weights().rows(), 0);
}

void Optimizer::begin_step(float gradient_scale) {
  factors_ = step_factors(options_, steps_, gradient_scale);
  if (decays_weights()) {
    due_.push_back(1.0F - learning_rate(options_.learning_rate, steps_) * options_.weight_decay);
  }
  ++steps_;
}

void Optimizer::update_dense(std::span<const float> gradient) {
  if (decays_weights()) decay(dense_.values(), std::span(due_).last(1));
  Slots slots;
  for (std::size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].dense;
  update(options_, factors_, dense_.values(), gradient, slots);
}

void Optimizer::update_row(std::size_t table, std::size_t row, std::span<const float> gradient) {
  if (decays_weights()) settle_row(table, row);
  Slots slots;
  for (std::size_t i = 0; i < slots_.size(); ++i) slots[i] = slots_[i].tables[table].row(row);
  update(options_, factors_, tables_[table]->weights().row(row), gradient, slots);
}

void Optimizer::settle_rows(std::size_t table, std::span<const std::int64_t> rows) {
  if (is_settled()) return;
  for (const std::int64_t row : rows) settle_row(table, tables_[table]->index(row));
}

void Optimizer::settle_all() {
  if (is_settled()) return;
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    for (std::size_t row = 0; row < settled_[table].size(); ++row) settle_row(table, row);
  }
  due_.clear();
  first_due_ = steps_;
}

void Optimizer::settle_row(std::size_t table, std::size_t row) {
  std::int64_t& settled = settled_[table][row];
  decay(tables_[table]->weights().row(row),
        std::span<const float>(due_).subspan(static_cast<std::size_t>(settled - first_due_)));
  settled = steps_;
}

void Optimizer::resume_at(std::int64_t steps) {
  steps_ = steps;
  first_due_ = steps;
  due_.clear();
  for (auto& rows : settled_) std::fill(rows.begin(), rows.end(), steps);
}

}  // namespace gemel::learning
