#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gemel::learning {

/// The loss: softmax cross-entropy of each query over the candidates of the global batch.
struct LossOptions {
  /// Logits are divided by it.
  float temperature = 1.0F;
  /// Subtract log(q) from every logit, q = the candidate's share of the training examples, so that popular candidates are
  /// not punished for being drawn as negatives more often.
  bool logq_correction = false;
  /// Do not count other examples of the batch with the query's own candidate as negatives.
  bool remove_accidental_hits = false;
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
