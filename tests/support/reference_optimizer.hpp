#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "gemel/options.hpp"
#include "support/reference_model.hpp"

namespace gemel::test {

inline double reference_rate(const OptimizerOptions& optimizer, std::int64_t step) {
  const LearningRateOptions& options = optimizer.learning_rate;
  const auto peak = static_cast<double>(optimizer.peak_rate());
  const auto warmup = static_cast<double>(options.warmup_steps);
  const auto number = static_cast<double>(step + 1);
  if (options.schedule == ScheduleKind::constant) return peak;
  if (number <= warmup) return peak * number / warmup;
  if (options.schedule == ScheduleKind::inverse_sqrt)
    return peak * std::sqrt(std::fmax(warmup, 1.0) / number);
  const double length = static_cast<double>(options.total_steps) - warmup;
  const double cosine = (1 + std::cos(std::numbers::pi * (number - 1 - warmup) / length)) / 2;
  return peak * (options.final_share + (1 - options.final_share) * cosine);
}

/// The optimisers once more, in doubles and plain loops over every weight of every row at every step.
class ReferenceOptimizer {
 public:
  explicit ReferenceOptimizer(const OptimizerOptions& options) : options_(options) {}

  void begin_step(double gradient_scale) {
    rate_ = reference_rate(options_, steps_++);
    scale_ = gradient_scale;
  }

  /// Updates the parameter that is kept under `number`. `touched` is empty for dense parameters, or says of each row of a table
  /// whether the step looked it up: the one thing that tells the optimisers with momentum from dense ones.
  void update(std::size_t number, ReferenceParameter& parameter, const Vector& gradient,
              const std::vector<bool>& touched) {
    if (states_.size() <= number) states_.resize(number + 1);
    State& state = states_[number];
    if (state.average.empty()) state.average = parameter.values;
    const std::size_t size = parameter.values.size();
    const bool has_momentum =
        options_.kind != OptimizerKind::adagrad && options_.kind != OptimizerKind::rowwise_adagrad;
    if (state.first.empty()) {
      state.first.assign(size, has_momentum ? 0.0 : static_cast<double>(options_.initial_accumulator));
      state.second.assign(size, 0.0);
    }
    Vector scaled(size);  // with the penalty's
    for (std::size_t i = 0; i < size; ++i) {
      const bool is_penalized = !touched.empty() && touched[i / parameter.cols];
      scaled[i] = scale_ * gradient[i] +
                  (is_penalized ? static_cast<double>(options_.embedding_l2) * parameter.values[i] : 0.0);
    }
    for (double& value : parameter.values) value *= 1 - rate_ * static_cast<double>(options_.weight_decay);
    for (std::size_t i = 0; i < size; ++i) {
      if (has_momentum && !touched.empty() && !touched[i / parameter.cols]) continue;
      double square = 0;  // what is added to the accumulator
      const std::size_t row = i / parameter.cols * parameter.cols;
      for (std::size_t j = row; j < row + parameter.cols; ++j) {
        square += scaled[j] * scaled[j] / static_cast<double>(parameter.cols);
      }
      const double g = scaled[i];
      if (touched.empty() || options_.kind != OptimizerKind::rowwise_adagrad) square = g * g;
      parameter.values[i] -= step(g, square, state.first[i], state.second[i]);
    }
    const auto kept = static_cast<double>(options_.average_decay);
    for (std::size_t i = 0; i < size; ++i) {
      state.average[i] = kept * state.average[i] + (1 - kept) * parameter.values[i];
    }
  }

  /// The running averages of the parameter that is kept under `number`.
  const Vector& averages(std::size_t number) const { return states_[number].average; }

 private:
  struct State {
    Vector average;
    Vector first;
    Vector second;
  };

  double step(double g, double square, double& first, double& second) const {
    const auto beta_1 = static_cast<double>(options_.beta_1);
    const auto beta_2 = static_cast<double>(options_.beta_2);
    const auto epsilon = static_cast<double>(options_.epsilon);
    switch (options_.kind) {
      case OptimizerKind::sgd:
        first = static_cast<double>(options_.momentum) * first + rate_ * g;
        return first;
      case OptimizerKind::adam:
      case OptimizerKind::adamw:
        first = beta_1 * first + (1 - beta_1) * g;
        second = beta_2 * second + (1 - beta_2) * square;
        // Keras adds epsilon before it corrects the second moment's bias.
        return rate_ * first / (1 - std::pow(beta_1, steps_)) * std::sqrt(1 - std::pow(beta_2, steps_)) /
               (std::sqrt(second) + epsilon);
      default:
        first += square;
        return rate_ * g / std::sqrt(first + epsilon);
    }
  }

  OptimizerOptions options_;
  std::int64_t steps_ = 0;
  double rate_ = 0;
  double scale_ = 1;
  std::vector<State> states_;
};

/// One of every kind, without schedule, decay or clipping.
inline std::vector<OptimizerOptions> every_optimizer() {
  std::vector<OptimizerOptions> all;
  for (const auto& [name, kind] : optimizer_names()) {
    if (kind == OptimizerKind::als) continue;  // has no gradients
    all.emplace_back().kind = kind;
    all.back().learning_rate.peak = 0.05F;
  }
  all.emplace_back(all.back()).momentum = 0.8F;
  return all;
}

}  // namespace gemel::test
