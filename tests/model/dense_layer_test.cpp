#include "model/dense_layer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/lanes.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {
namespace {

constexpr std::size_t rows = 9;
constexpr std::size_t inputs = 6;
constexpr std::size_t outputs = 4;

/// A layer with random parameters behind another parameter, its input, and the gradient of its output.
struct Fixture {
  explicit Fixture(onednn::Activation activation)
      : layer("tower/dense_0", inputs, outputs, activation, layout), parameters(layout, 1) {
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters.values()[i] = test::number(1, i);
    for (std::size_t i = 0; i < input.size(); ++i) input.data()[i] = test::number(2, i);
    for (std::size_t i = 0; i < output_gradient.size(); ++i) output_gradient.data()[i] = test::number(3, i);
  }
  double kernel(std::size_t in, std::size_t out) const {
    return static_cast<double>(parameters.values()[5 + in * outputs + out]);
  }
  double linear(std::size_t row, std::size_t out) const {
    double sum = static_cast<double>(parameters.values()[5 + inputs * outputs + out]);
    for (std::size_t in = 0; in < inputs; ++in) sum += static_cast<double>(input(row, in)) * kernel(in, out);
    return sum;
  }

  void forward(std::size_t count) {
    layer.forward({std::as_const(parameters).values(), executor}, input.view().middle_rows(0, count),
                  output.view().middle_rows(0, count), kept);
  }
  void backward(std::size_t count, std::span<float> gradient) {
    layer.backward({std::as_const(parameters).values(), gradient, executor},
                   input.view().middle_rows(0, count), output.view().middle_rows(0, count),
                   output_gradient.view().middle_rows(0, count), input_gradient.view().middle_rows(0, count),
                   kept);
  }

  DenseLayout layout;
  DenseLayout::Place before = layout.add("before", 1, 5);
  DenseLayer layer;
  DenseParameters parameters;
  tensor::Matrix input{rows, inputs};
  tensor::Matrix output{rows, outputs};
  tensor::Matrix output_gradient{rows, outputs};
  tensor::Matrix input_gradient{rows, inputs};
  tensor::Matrix kept;
  onednn::Executor executor;
};

TEST(DenseLayerTest, NamesItsParameters) {
  const Fixture fixture(onednn::Activation::none);
  ASSERT_EQ(fixture.parameters.places().size(), 3U);
  EXPECT_EQ(fixture.parameters.places()[1].name, "tower/dense_0/kernel");
  EXPECT_EQ(fixture.parameters.places()[2].name, "tower/dense_0/bias");
  EXPECT_EQ(fixture.parameters.places()[2].rows, 1U);
  EXPECT_EQ(fixture.layer.inputs(), inputs);
  EXPECT_EQ(fixture.layer.outputs(), outputs);
}

TEST(DenseLayerTest, ReportsWhatItTakes) {
  const Fixture fixture(onednn::Activation::relu);
  ASSERT_EQ(fixture.layer.parameters().size(), 2U);
  EXPECT_EQ(fixture.layer.parameters()[0].rows, inputs);
  EXPECT_EQ(fixture.layer.parameters()[0].cols, outputs);
  EXPECT_EQ(fixture.layer.parameters()[1].offset, 5 + inputs * outputs);
  EXPECT_EQ(fixture.layer.kept_width(), 0U);
  EXPECT_EQ(fixture.layer.forward_flops(9), 2 * 9 * 6 * 4);
  EXPECT_EQ(fixture.layer.backward_flops(9), 2 * 9 * 6 * 4 + 2 * 9 * 4 * 6);  // of the kernel, of the input
}

void expect_layer(onednn::Activation activation) {
  Fixture fixture(activation);
  fixture.forward(rows);
  const auto active = [&](std::size_t row, std::size_t out) {
    return activation == onednn::Activation::none || fixture.linear(row, out) > 0;
  };
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t out = 0; out < outputs; ++out) {
      EXPECT_NEAR(fixture.output(row, out), active(row, out) ? fixture.linear(row, out) : 0.0, 1e-5);
    }
  }

  std::vector<float> gradient(fixture.parameters.size(), 42.0F);
  fixture.backward(rows, gradient);
  const auto given = [&](std::size_t row, std::size_t out) {
    return active(row, out) ? static_cast<double>(test::number(3, row * outputs + out)) : 0.0;
  };
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(gradient[i], 42.0F) << "a gradient of someone else";
  for (std::size_t out = 0; out < outputs; ++out) {
    double bias = 0;
    for (std::size_t row = 0; row < rows; ++row) bias += given(row, out);
    EXPECT_NEAR(gradient[5 + inputs * outputs + out], bias, 1e-5);
    for (std::size_t in = 0; in < inputs; ++in) {
      double kernel = 0;
      for (std::size_t row = 0; row < rows; ++row)
        kernel += static_cast<double>(fixture.input(row, in)) * given(row, out);
      EXPECT_NEAR(gradient[5 + in * outputs + out], kernel, 1e-5);
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t in = 0; in < inputs; ++in) {
      double truth = 0;
      for (std::size_t out = 0; out < outputs; ++out) truth += given(row, out) * fixture.kernel(in, out);
      EXPECT_NEAR(fixture.input_gradient(row, in), truth, 1e-5);
    }
  }
}

TEST(DenseLayerTest, LinearLayerIsThatOfPlainLoops) {
  expect_layer(onednn::Activation::none);
}
TEST(DenseLayerTest, LayerWithReluIsThatOfPlainLoops) {
  expect_layer(onednn::Activation::relu);
}

/// A lane without examples has zero gradients, not those of the step before.
TEST(DenseLayerTest, NoRowsGiveZeroGradients) {
  Fixture fixture(onednn::Activation::relu);
  std::vector<float> gradient(fixture.parameters.size(), 42.0F);
  fixture.forward(0);
  fixture.backward(0, gradient);
  for (std::size_t i = 5; i < gradient.size(); ++i) EXPECT_EQ(gradient[i], 0.0F) << i;
}

}  // namespace
}  // namespace gemel::model
