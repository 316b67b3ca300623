#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gemel/options.hpp"
#include "model/two_tower.hpp"
#include "tensor/matrix.hpp"
#include "tensor/update_rules.hpp"

namespace gemel::learning {

/// Bytes that an optimizer keeps for a row of a table of `dim` columns.
std::size_t row_state_bytes(const OptimizerOptions& options, std::size_t dim);

/// Updates the parameters of a model and keeps what this takes beside them. In a step of learning rate r, with the gradient g of a
/// weight w (after clipping), the kinds do what Keras does:
///
///   adagrad          a += g^2;  w -= r * g / sqrt(a + epsilon)                                     (Duchi et al., JMLR 2011)
///   rowwise_adagrad  a += mean of g^2 over the row; w as above. One a for each row of a table, adagrad elsewhere
///   adam             m += (1 - beta_1) * (g - m);  v += (1 - beta_2) * (g^2 - v);
///                    w -= r * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon), t = 1 in the first step
///                                                                                          (Kingma and Ba, ICLR 2015)
///   adamw            the same, with weight decay                                  (Loshchilov and Hutter, ICLR 2019)
///   sgd              m = momentum * m - r * g;  w += m
///
/// Decoupled weight decay multiplies every weight, biases and embeddings included, by 1 - r * weight_decay before the update of each
/// step. A row that steps did not touch gets its decays later: one by one, so with the same bits, when it is touched or settled.
/// Weights of tables may therefore be read only after settle_rows or settle_all.
///
/// Averages of the weights (average_decay d) are a slot of their own, begin as the first weights, and go on at each step by
/// average += (1 - d) * (w - average), w after the step's update. Rows that a step did not touch get theirs later too, step by step,
/// until they change no more.
///
/// Rows that a step did not touch keep all else, where a dense optimiser would go on: the moments of adam do not decay and the
/// momentum of sgd moves no weight. Adam corrects the bias of the moments by the number of all steps, not of the row's.
class Optimizer {
 public:
  /// One kind of state, laid out like the parameters.
  struct Slot {
    std::string name;
    tensor::AlignedVector<float> dense;  ///< [model.dense().size()]
    std::vector<tensor::Matrix>
        tables;  ///< of table t [held rows, dim], or [held rows, 1] of rowwise_adagrad
  };

  /// Updates `model`, which must outlive the optimizer.
  Optimizer(const OptimizerOptions& options, model::TwoTower& model);

  const OptimizerOptions& options() const { return options_; }
  /// Steps that were begun, so, between steps, the number of finished ones.
  std::int64_t steps() const { return steps_; }

  /// Begins the updates of the next step. Gradients will be multiplied by `gradient_scale`.
  void begin_step(float gradient_scale = 1.0F);
  /// Updates all dense parameters with their gradient [model.dense().size()].
  void update_dense(std::span<const float> gradient);
  /// Updates one row [dim] of table `table` (an index into TwoTower::tables()); `row` counts from the first held one. Once per step
  /// and row; for different tables it may be called from different threads.
  void update_row(std::size_t table, std::size_t row, std::span<const float> gradient);

  /// The first step (the number of steps that were begun by then) after which a weight or a slot that it updated was no finite number; 0
  /// if there is none. On this rank, of the rows that it holds; what no step has touched is not looked at.
  std::int64_t first_step_not_finite() const;

  bool decays_weights() const { return options_.weight_decay > 0; }
  bool averages_weights() const { return options_.average_decay > 0; }
  /// Brings rows that this rank holds, by their numbers in the whole table, up to date with the weight decay and the averages: before
  /// they are looked up. A row may be named several times. For different tables it may be called from different threads.
  void settle_rows(std::size_t table, std::span<const std::int64_t> rows);
  /// The same for all rows: before an evaluation or a checkpoint. Costs nothing when nothing is due.
  void settle_all();
  bool is_settled() const { return !is_lazy() || first_due_ == steps_; }

  /// What a checkpoint has beside the parameters, when everything is settled, and the number of steps.
  std::vector<Slot>& slots() { return slots_; }
  const std::vector<Slot>& slots() const { return slots_; }
  /// Lets the averages, where there are any, begin anew as the weights are; before the first step.
  void restart_averages();
  /// Exchanges the weights with their averages, when everything is settled.
  void swap_averages();
  /// Goes on from parameters and slots as they are, settled, after so many steps.
  void resume_at(std::int64_t steps);

 private:
  /// Slots that the update rule takes; those of averages come after them.
  std::size_t rule_slots() const { return slots_.size() - (averages_weights() ? 1 : 0); }
  bool is_lazy() const { return decays_weights() || averages_weights(); }
  void note_not_finite(std::size_t part);
  void settle_row(std::size_t table, std::size_t row, std::int64_t until);
  std::span<const float> penalize(std::size_t table, std::size_t row, std::span<const float> gradient);

  OptimizerOptions options_;
  model::DenseParameters& dense_;
  std::vector<model::EmbeddingTable*> tables_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
  tensor::StepFactors factors_;
  std::vector<std::int64_t>
      not_finite_;  // [table], and of the dense parameters: since which step; 0: not at all
  std::vector<std::vector<float>>
      penalized_;  // [table] gradient of the row that is updated, with its penalty
  // What rows are due: the factors of the weight decay of the steps from first_due_ on, and how many steps' decays and averages each
  // held row of a table has had.
  std::int64_t first_due_ = 0;
  std::vector<float> due_;
  std::vector<std::vector<std::int64_t>> settled_;
};

/// While it lives, a model has the averages of its weights in their place, where its optimizer keeps any: for evaluation.
class AveragedWeights {
 public:
  /// The optimizer must be settled.
  explicit AveragedWeights(Optimizer& optimizer) : optimizer_(optimizer) { swap(); }
  ~AveragedWeights() { swap(); }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  void swap() {
    if (optimizer_.averages_weights()) optimizer_.swap_averages();
  }

  Optimizer& optimizer_;
};

}  // namespace gemel::learning
