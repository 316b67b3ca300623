#include "learning/row_systems.hpp"

#include <algorithm>

#include "tensor/arithmetic.hpp"

namespace gemel::learning {
namespace {

std::size_t stride_of(const tensor::CandidatePanels& panels) {
  return panels.count() * tensor::CandidatePanels::panel;
}

}  // namespace

RowSystems::RowSystems(tensor::ConstMatrixView gram, std::int64_t steps)
    : gram_(gram), stride_(stride_of(gram_)), steps_(steps) {}

void RowSystems::solve(std::span<const Row> rows, tensor::MatrixView x, std::span<Outcome> outcomes,
                       Scratch& scratch) const {
  start(rows, x, outcomes, scratch);
  for (std::int64_t i = 0; i < steps_; ++i) step(rows, x, outcomes, scratch);
  for (std::size_t i = 0; i < rows.size(); ++i) outcomes[i].squared_length = tensor::sum_of_squares(x.row(i));
}

/// scratch.shared = x times the Gram matrix, which is symmetric.
void RowSystems::multiply_shared(tensor::ConstMatrixView x, Scratch& scratch) const {
  scratch.shared.resize(x.rows() * stride_);
  gram_.score(x, 0, gram_.count(), scratch.shared.data(), stride_);
}

/// Residuals of x, which are the first directions.
void RowSystems::start(std::span<const Row> rows, tensor::ConstMatrixView x, std::span<Outcome> outcomes,
                       Scratch& scratch) const {
  const std::size_t dim = x.cols();
  for (tensor::Matrix* matrix : {&scratch.residuals, &scratch.directions, &scratch.images})
    matrix->resize(rows.size(), dim);
  scratch.squares.resize(rows.size());
  multiply_shared(x, scratch);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<float> residual = scratch.residuals.row(i);
    tensor::scale(std::span(scratch.shared).subspan(i * stride_, dim), -1.0F, residual);
    tensor::add_scaled(residual, -rows[i].regularization, x.row(i));
    const float right_side = tensor::add_residual(rows[i].own, x.row(i), residual);
    std::ranges::copy(residual, scratch.directions.row(i).begin());
    scratch.squares[i] = tensor::dot(residual, residual);
    // x'Ax - 2 b'x + sum of c, where r = b - Ax.
    double confidence = 0;
    for (const float c : rows[i].own.confidences) confidence += static_cast<double>(c);
    outcomes[i].objective =
        confidence - static_cast<double>(right_side) - static_cast<double>(tensor::dot(residual, x.row(i)));
  }
}

void RowSystems::step(std::span<const Row> rows, tensor::MatrixView x, std::span<Outcome> outcomes,
                      Scratch& scratch) const {
  const std::size_t dim = x.cols();
  multiply_shared(scratch.directions.view().middle_rows(0, rows.size()), scratch);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<float> direction = scratch.directions.row(i);
    const std::span<float> residual = scratch.residuals.row(i);
    const std::span<float> image = scratch.images.row(i);
    tensor::scale(direction, rows[i].regularization, image);
    tensor::add_into(image, std::span(scratch.shared).subspan(i * stride_, dim));
    tensor::add_product(rows[i].own, direction, image);
    const float curvature = tensor::dot(direction, image);
    const float before = scratch.squares[i];
    if (!(curvature > 0) || before == 0)
      continue;  // the row is solved; or no number, which the objective shows
    const float length = before / curvature;
    tensor::add_scaled(x.row(i), length, direction);
    tensor::add_scaled(residual, -length, image);
    const float after = tensor::dot(residual, residual);
    outcomes[i].objective -= static_cast<double>(length) * static_cast<double>(before);
    tensor::scale(direction, after / before, direction);
    tensor::add_into(direction, residual);
    scratch.squares[i] = after;
  }
}

void add_gram(tensor::ConstMatrixView vectors, tensor::MatrixView gram) {
  constexpr std::size_t chunk = 256;  // rows: a transposed chunk stays in the cache
  const std::size_t dim = vectors.cols();
  std::vector<float> products;
  for (std::size_t first = 0; first < vectors.rows(); first += chunk) {
    const std::size_t rows = std::min(chunk, vectors.rows() - first);
    tensor::Matrix transposed(dim, rows);
    for (std::size_t row = 0; row < rows; ++row) {
      const std::span<const float> vector = vectors.row(first + row);
      for (std::size_t col = 0; col < dim; ++col) transposed(col, row) = vector[col];
    }
    const tensor::CandidatePanels panels(transposed.view());
    const std::size_t stride = stride_of(panels);
    products.resize(dim * stride);
    panels.score(transposed.view(), 0, panels.count(), products.data(), stride);
    for (std::size_t row = 0; row < dim; ++row)
      tensor::add_into(gram.row(row), std::span<const float>(products).subspan(row * stride, dim));
  }
}

}  // namespace gemel::learning
