#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gemel::learning {

/// What the columns of a batch's logits are, and so the negatives of its queries.
enum class NegativeSource {
  in_batch,   ///< the batch's own candidates, and extra ones that are drawn
  catalogue,  ///< every item, once
};
enum class NegativeDistribution { uniform, popularity };
enum class LossReduction { sum, mean };

/// The loss: softmax cross-entropy of each query over the columns of the global batch; in_batch_softmax.hpp has the formulas.
struct LossOptions {
  /// Logits are divided by it.
  float temperature = 1.0F;
  /// Subtract log(q) from every logit, q = the share of the candidate among what columns are drawn from, so that popular
  /// candidates are not punished for being drawn as negatives more often.
  bool logq_correction = false;
  /// Do not count other examples of the batch with the query's own candidate as negatives.
  bool remove_accidental_hits = false;
  /// By what the correction log(q) is multiplied.
  float logq_strength = 1.0F;
  /// By what log Z of each query, the part of the negatives, is multiplied.
  float partition_weight = 1.0F;
  /// Whether gradients are those of the sum or of the mean over the batch.
  LossReduction reduction = LossReduction::sum;
  NegativeSource negatives = NegativeSource::in_batch;
  /// Items that are drawn, with repetition, as further columns of every batch.
  std::int64_t extra_negatives = 0;
  /// How they are drawn.
  NegativeDistribution negative_distribution = NegativeDistribution::uniform;
  /// Of popularity: the probability of an item is proportional to (its training examples)^negative_power.
  float negative_power = 1.0F;
  /// Keep only so many negative columns of each query, those with the highest logits; 0: all.
  std::int64_t hard_negatives = 0;
  /// `temperature` is a first value, and its logarithm a parameter of the model.
  bool learned_temperature = false;
  /// How much of the target is taken from the query's own candidate and spread over all columns.
  float label_smoothing = 0.0F;
  /// Do not count the other training items of the query's user as negatives.
  bool mask_seen = false;
};

enum class OptimizerKind { adagrad, rowwise_adagrad, adam, adamw, sgd };
enum class ScheduleKind { constant, cosine, inverse_sqrt };

/// The names of the kinds, for options and checkpoints.
inline std::vector<std::pair<std::string, OptimizerKind>> optimizer_names() {
  return {{"adagrad", OptimizerKind::adagrad},
          {"rowwise-adagrad", OptimizerKind::rowwise_adagrad},
          {"adam", OptimizerKind::adam},
          {"adamw", OptimizerKind::adamw},
          {"sgd", OptimizerKind::sgd}};
}
inline std::vector<std::pair<std::string, ScheduleKind>> schedule_names() {
  return {{"constant", ScheduleKind::constant},
          {"cosine", ScheduleKind::cosine},
          {"inverse-sqrt", ScheduleKind::inverse_sqrt}};
}

inline std::vector<std::pair<std::string, NegativeSource>> negative_source_names() {
  return {{"in-batch", NegativeSource::in_batch}, {"catalogue", NegativeSource::catalogue}};
}
inline std::vector<std::pair<std::string, NegativeDistribution>> negative_distribution_names() {
  return {{"uniform", NegativeDistribution::uniform}, {"popularity", NegativeDistribution::popularity}};
}
inline std::vector<std::pair<std::string, LossReduction>> loss_reduction_names() {
  return {{"sum", LossReduction::sum}, {"mean", LossReduction::mean}};
}

/// Keras's default learning rates, but for Adagrad, which has that of the TFRS tutorial.
constexpr float default_learning_rate(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return 0.001F;
    case OptimizerKind::sgd:
      return 0.01F;
    default:
      return 0.1F;
  }
}

/// The learning rate of every step; learning_rate.hpp has the formulas.
struct LearningRateOptions {
  /// The highest rate; of the constant schedule, the rate.
  float peak = default_learning_rate(OptimizerKind::adagrad);
  ScheduleKind schedule = ScheduleKind::constant;
  /// Steps in which the rate grows to its peak. Not for the constant schedule.
  std::int64_t warmup_steps = 0;
  /// Steps of the whole run, warm-up included: where the cosine ends. The trainer sets it.
  std::int64_t total_steps = 0;
  /// The rate at which the cosine ends, as a share of the peak.
  float final_share = 0.0F;
};

/// The update of parameters; optimizer.hpp has the formulas.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adagrad;
  LearningRateOptions learning_rate;
  /// Of sgd.
  float momentum = 0.0F;
  /// Of adam and adamw: how much of the running means of gradients and of their squares is kept at each step.
  float beta_1 = 0.9F;
  float beta_2 = 0.999F;
  /// Of all but sgd: added where a root is divided by.
  float epsilon = 1e-7F;
  /// Of adagrad and rowwise_adagrad.
  float initial_accumulator = 0.1F;
  /// Decoupled weight decay, of all but adam: each step first multiplies all parameters by 1 - learning rate * weight_decay.
  float weight_decay = 0.0F;
  /// Penalty on rows of tables that a step touches, each once: embedding_l2 / 2 * the square of its norm. Its gradient
  /// embedding_l2 * row joins the row's, after clipping.
  float embedding_l2 = 0.0F;
  /// What evaluations and recommendations use are running averages of all parameters: at each step
  /// average = average_decay * average + (1 - average_decay) * parameter. 0: the parameters themselves.
  float average_decay = 0.0F;
  /// Gradients are scaled down such that the norm of all of them together is at most this; 0: they are not.
  float clip_norm = 0.0F;
};

}  // namespace gemel::learning
