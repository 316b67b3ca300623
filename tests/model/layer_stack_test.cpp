#include "model/layer_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "model/dense_layer.hpp"
#include "model/dropout.hpp"
#include "model/unit_rows.hpp"
#include "support/lanes.hpp"

namespace gemel::model {
namespace {

constexpr std::size_t rows = 5;
constexpr std::size_t inputs = 6;

using Vector = std::vector<double>;
/// Of one row: [inputs] -> [outputs].
using Function = std::function<Vector(const Vector& row, std::size_t number)>;

/// A stack with what it computes on, and the same layers as plain loops in doubles.
class LayerStackTest : public testing::Test {
 protected:
  LayerStackTest() { std::iota(numbers_.begin(), numbers_.end(), 10); }

  void add_dense(std::size_t outputs, onednn::Activation activation) {
    const std::size_t width = stack_.outputs();
    auto layer = std::make_unique<DenseLayer>("dense", width, outputs, activation, layout_);
    const std::size_t kernel = layer->parameters()[0].offset;
    const std::size_t bias = layer->parameters()[1].offset;
    stack_.add(std::move(layer));
    functions_.push_back([=, this](const Vector& row, std::size_t) {
      Vector result(outputs);
      for (std::size_t out = 0; out < outputs; ++out) {
        result[out] = values_[bias + out];
        for (std::size_t in = 0; in < width; ++in)
          result[out] += row[in] * values_[kernel + in * outputs + out];
        if (activation == onednn::Activation::relu) result[out] = std::max(result[out], 0.0);
      }
      return result;
    });
  }

  void add_unit_rows() {
    stack_.add(std::make_unique<UnitRows>(stack_.outputs()));
    functions_.push_back([](Vector row, std::size_t) {
      const double length = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
      for (double& value : row) value /= length;
      return row;
    });
  }

  /// Its factors are taken from the layer; dropout_test.cpp tests them.
  void add_dropout() {
    const std::size_t width = stack_.outputs();
    auto layer = std::make_unique<Dropout>(0.4F, "dropout" + std::to_string(functions_.size()), width, 3);
    tensor::Matrix ones(rows, width);
    std::fill_n(ones.data(), ones.size(), 1.0F);
    tensor::Matrix kept;
    layer->forward({{}, executor_, &draw_}, ones.view(), ones.view(), kept);
    const Vector factors(ones.data(), ones.data() + ones.size());
    stack_.add(std::move(layer));
    functions_.push_back([=](Vector row, std::size_t number) {
      for (std::size_t i = 0; i < width; ++i) row[i] *= factors[number * width + i];
      return row;
    });
  }

  /// sum over rows and columns of weights * output, in doubles.
  double weighted_sum() const {
    double sum = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      Vector values(input_.begin() + static_cast<std::ptrdiff_t>(row * inputs),
                    input_.begin() + static_cast<std::ptrdiff_t>((row + 1) * inputs));
      for (const Function& function : functions_) values = function(values, row);
      for (std::size_t i = 0; i < values.size(); ++i) sum += values[i] * weight(row, i);
    }
    return sum;
  }
  static double weight(std::size_t row, std::size_t col) {
    return static_cast<double>(test::number(3, row * 100 + col));
  }

  double slope(double& value) const {
    constexpr double h = 1e-6;
    const double before = value;
    value = before + h;
    const double above = weighted_sum();
    value = before - h;
    const double below = weighted_sum();
    value = before;
    return (above - below) / (2 * h);
  }

  /// Output and gradients of the stack are those of the plain loops; twice, as in two steps.
  void expect_plain_loops() {
    DenseParameters parameters(layout_, 1);
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters.values()[i] = test::number(1, i);
    values_.assign(parameters.values().begin(), parameters.values().end());
    input_.resize(rows * inputs);
    for (std::size_t i = 0; i < input_.size(); ++i) input_[i] = static_cast<double>(test::number(2, i));
    LayerStack::Activations activations;
    std::vector<float> gradient(parameters.size(), 42.0F);
    for (int step = 0; step < 2; ++step) {
      const double sum = run(parameters.values(), activations, gradient);
      EXPECT_NEAR(sum, weighted_sum(), 1e-5);
      for (std::size_t i = 0; i < values_.size(); ++i) EXPECT_NEAR(gradient[i], slope(values_[i]), 2e-5) << i;
      for (std::size_t i = 0; i < input_.size(); ++i)
        EXPECT_NEAR(activations.input_gradient().data()[i], slope(input_[i]), 2e-5) << i;
    }
    EXPECT_EQ(bytes_of(activations), stack_.activation_bytes(rows));
  }

  double run(std::span<const float> parameters, LayerStack::Activations& activations,
             std::span<float> gradient) {
    tensor::Matrix result(rows, stack_.outputs());
    tensor::Matrix result_gradient(rows, stack_.outputs());
    stack_.begin(rows, activations);
    std::ranges::transform(input_, activations.input().data(),
                           [](double value) { return static_cast<float>(value); });
    stack_.forward({parameters, executor_, &draw_}, activations, result.view());
    double sum = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t col = 0; col < stack_.outputs(); ++col) {
        result_gradient(row, col) = static_cast<float>(weight(row, col));
        sum += weight(row, col) * static_cast<double>(result(row, col));
      }
    }
    stack_.backward({parameters, gradient, executor_}, activations, result.view(), result_gradient.view());
    return sum;
  }

  static std::size_t bytes_of(const LayerStack::Activations& activations) {
    std::size_t floats = 0;
    for (const auto* matrices : {&activations.values, &activations.gradients, &activations.kept}) {
      for (const tensor::Matrix& matrix : *matrices) floats += matrix.size();
    }
    return floats * sizeof(float);
  }

  DenseLayout layout_;
  LayerStack stack_{inputs};
  std::vector<Function> functions_;
  std::vector<std::int32_t> numbers_ = std::vector<std::int32_t>(rows);
  DropoutDraw draw_{7, numbers_};
  onednn::Executor executor_;
  Vector values_;  // of the parameters
  Vector input_;   // [rows, inputs]
};

TEST_F(LayerStackTest, OfDenseLayersIsThatOfPlainLoops) {
  add_dense(5, onednn::Activation::relu);
  add_dense(7, onednn::Activation::relu);
  add_dense(4, onednn::Activation::none);
  expect_plain_loops();
  EXPECT_EQ(stack_.inputs(), inputs);
  EXPECT_EQ(stack_.outputs(), 4U);
  EXPECT_FALSE(stack_.drops());
  EXPECT_EQ(stack_.activation_bytes(rows), rows * 2 * (6 + 5 + 7) * 4);
  EXPECT_EQ(stack_.forward_flops(100), 2 * 100 * (6 * 5 + 5 * 7 + 7 * 4));
  EXPECT_EQ(stack_.backward_flops(100), 4 * 100 * (6 * 5 + 5 * 7 + 7 * 4));
}

TEST_F(LayerStackTest, WithLayersInPlaceAnywhereIsThatOfPlainLoops) {
  add_dropout();
  add_unit_rows();
  add_dense(9, onednn::Activation::relu);
  add_dropout();
  add_unit_rows();
  add_dense(4, onednn::Activation::none);
  add_unit_rows();
  expect_plain_loops();
  EXPECT_TRUE(stack_.drops());
  EXPECT_EQ(stack_.activation_bytes(rows), rows * (2 * (6 + 9) + 6 + 1 + 9 + 1 + 1) * 4);
  EXPECT_EQ(stack_.forward_flops(1), 2 * (6 * 9 + 9 * 4));
}

TEST_F(LayerStackTest, OfLayersInPlaceAloneIsThatOfPlainLoops) {
  add_dropout();
  add_unit_rows();
  expect_plain_loops();
  EXPECT_EQ(stack_.forward_flops(rows), 0);
}

TEST_F(LayerStackTest, WithoutLayersGivesWhatItTakes) {
  expect_plain_loops();
  EXPECT_EQ(stack_.outputs(), inputs);
  EXPECT_EQ(stack_.activation_bytes(1), 2 * inputs * 4);
}

TEST_F(LayerStackTest, RefusesALayerThatOverwritesWhatTheOneBeforeItNeeds) {
  add_unit_rows();
  EXPECT_THROW(add_dropout(), base::InternalError);
  add_dense(4, onednn::Activation::none);
  add_dropout();
}

TEST_F(LayerStackTest, RefusesALayerThatDoesNotFit) {
  EXPECT_THROW(stack_.add(std::make_unique<UnitRows>(inputs + 1)), base::InternalError);
}

}  // namespace
}  // namespace gemel::model
