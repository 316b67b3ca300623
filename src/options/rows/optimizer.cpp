#include "options/rows/rows.hpp"

#include <fmt/format.h>

namespace gemel::options {

std::vector<Option> learning_rate_rows(OptimizerOptions& o) {
  const std::string group = "Loss and optimiser";
  LearningRateOptions& rate = o.learning_rate;
  const ScheduleKind schedule = rate.schedule;
  return {
      {group, "learning-rate", "RATE",
       "Learning rate; with a schedule, its peak. When it is not given: 0.1 for adagrad and rowwise-adagrad, "
       "0.001 for adam and adamw, 0.01 for sgd.",
       positive_number(rate.peak, [&o] { return o.peak_rate(); }), Effect::steers},
      {group, "learning-rate-schedule", "NAME",
       "How the learning rate goes on: constant; cosine (falls along half a cosine until the last of the "
       "--epochs); inverse-sqrt (falls with the root of the number of steps).",
       choice(rate.schedule, schedule_names()), Effect::steers},
      Option{
          group, "warmup-steps", "N",
          "Steps in which the learning rate of cosine and inverse-sqrt first grows to its peak, in a line.",
          whole_number(rate.warmup_steps, 0), Effect::steers}
          .needing(if_given(schedule != ScheduleKind::constant,
                            "a constant learning rate has no warm-up: choose --learning-rate-schedule cosine "
                            "or inverse-sqrt")),
      Option{group, "final-learning-rate-share", "SHARE",
             "Where cosine ends, as a share of --learning-rate; in [0, 1).", fraction(rate.final_share),
             Effect::steers}
          .needing(if_given(schedule == ScheduleKind::cosine,
                            "only --learning-rate-schedule cosine has an end: choose it")),
  };
}

std::vector<Option> moment_rows(OptimizerOptions& o) {
  const std::string group = "Loss and optimiser";
  using Kind = OptimizerKind;
  const bool is_adam = o.kind == Kind::adam || o.kind == Kind::adamw;
  return {
      Option{
          group, "momentum", "SHARE",
          "How much of its last move sgd adds to the next one; in [0, 1). 0: nothing, and no memory for it.",
          fraction(o.momentum), Effect::determines}
          .needing(if_given(o.kind == Kind::sgd, "only --optimizer sgd has a momentum: choose it")),
      Option{group, "beta-1", "SHARE",
             "How much of the running mean of gradients adam and adamw keep; in [0, 1).", fraction(o.beta_1),
             Effect::steers}
          .needing(if_given(is_adam, "only --optimizer adam and adamw have it: choose one of them")),
      Option{group, "beta-2", "SHARE",
             "How much of the running mean of squared gradients adam and adamw keep; in [0, 1).",
             fraction(o.beta_2), Effect::steers}
          .needing(if_given(is_adam, "only --optimizer adam and adamw have it: choose one of them")),
      Option{group, "epsilon", "E",
             "Added where adagrad, rowwise-adagrad (under the root), adam and adamw (beside it) divide by a "
             "root.",
             positive_number(o.epsilon), Effect::steers}
          .needing(if_given(o.kind != Kind::sgd, "--optimizer sgd divides by no root: choose another")),
  };
}

std::vector<Option> regularisation_rows(OptimizerOptions& o) {
  const std::string group = "Loss and optimiser";
  using Kind = OptimizerKind;
  return {
      Option{group, "weight-decay", "DECAY",
             "Each step first multiplies every parameter, biases and embeddings included, by 1 - learning "
             "rate * DECAY (decoupled weight decay). Of rows that are seldom used too, which costs little. "
             "0: off. Not for adam.",
             non_negative_number(o.weight_decay), Effect::steers}
          .needing(always(o.kind != Kind::adam || o.weight_decay == 0,
                          "--optimizer adam does not decay weights: choose adamw, or --weight-decay 0"))
          .needing(always(o.peak_rate() * o.weight_decay < 1,
                          fmt::format("with --learning-rate {} a step would take all of every weight; their "
                                      "product must be below 1, and is about 0.0001 in most recipes",
                                      o.peak_rate()))),
      {group, "embedding-l2", "WEIGHT",
       "Penalty on the embeddings: each step adds WEIGHT * row to the gradient of every row of a table that "
       "it touches, once a step (of WEIGHT / 2 * the square of the row's norm), after clipping. The reported "
       "loss is without it. The loss is a sum over the batch. 0: off.",
       non_negative_number(o.embedding_l2), Effect::steers},
      {group, "average-weights", "DECAY",
       "Evaluate, and recommend from, running averages of all parameters instead of the parameters: each "
       "step makes an average DECAY * average + (1 - DECAY) * parameter; such as 0.999; in [0, 1). Takes the "
       "memory of the parameters once more. 0: off.",
       fraction(o.average_decay), Effect::determines},
      {group, "clip-norm", "NORM",
       "Scale the gradient of all parameters together down to this norm where it is longer. The loss is a "
       "sum over the batch, and so is its gradient: try 100, which sgd needs at its default learning rate. "
       "0: off.",
       non_negative_number(o.clip_norm), Effect::steers},
  };
}

}  // namespace gemel::options
