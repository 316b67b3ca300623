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
      : layer("tower/dense_0", inputs, outputs, activation, parameters, 1) {
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

  DenseParameters parameters;
  DenseParameters::Place before = parameters.add("before", 1, 5, 0.0F, 1);
  DenseLayer layer;
  tensor::Matrix input{rows, inputs};
  tensor::Matrix output{rows, outputs};
  tensor::Matrix output_gradient{rows, outputs};
  tensor::Matrix input_gradient{rows, inputs};
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

void expect_layer(onednn::Activation activation) {
  Fixture fixture(activation);
  const auto& values = std::as_const(fixture.parameters).values();
  fixture.layer.forward(values, fixture.input.view(), fixture.output.view(), fixture.executor);
  const auto active = [&](std::size_t row, std::size_t out) {
    return activation == onednn::Activation::none || fixture.linear(row, out) > 0;
  };
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t out = 0; out < outputs; ++out) {
      EXPECT_NEAR(fixture.output(row, out), active(row, out) ? fixture.linear(row, out) : 0.0, 1e-5);
    }
  }

  std::vector<float> gradient(fixture.parameters.size(), 42.0F);
  fixture.layer.backward(values, fixture.input.view(), fixture.output.view(), fixture.output_gradient.view(),
                         gradient, fixture.input_gradient.view(), fixture.executor);
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
  const auto& values = std::as_const(fixture.parameters).values();
  const auto none = fixture.input.view().middle_rows(0, 0);
  const auto no_output = fixture.output.view().middle_rows(0, 0);
  std::vector<float> gradient(fixture.parameters.size(), 42.0F);
  fixture.layer.forward(values, none, no_output, fixture.executor);
  fixture.layer.backward(values, none, no_output, fixture.output_gradient.view().middle_rows(0, 0), gradient,
                         fixture.input_gradient.view().middle_rows(0, 0), fixture.executor);
  for (std::size_t i = 5; i < gradient.size(); ++i) EXPECT_EQ(gradient[i], 0.0F) << i;
}

}  // namespace
}  // namespace gemel::model
