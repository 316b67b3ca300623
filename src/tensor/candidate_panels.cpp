#include "tensor/candidate_panels.hpp"

#include "base/vectorize.hpp"

namespace gemel::tensor {
namespace {

constexpr std::size_t panel = CandidatePanels::panel;
constexpr std::size_t block =
    6;  // queries whose sums fit into the registers of AVX-512, twelve of which hold six times a panel

/// The scores of some queries with the candidates of one panel.
template <std::size_t queries>
[[gnu::always_inline]] inline void score_panel(const float* vectors, std::size_t dim, const float* candidates,
                                               float* scores, std::size_t stride) {
  float sums[queries][panel];
#pragma GCC unroll 6
  for (std::size_t query = 0; query < queries; ++query) {
    for (std::size_t j = 0; j < panel; ++j) sums[query][j] = 0;
  }
  for (std::size_t i = 0; i < dim; ++i) {
#pragma GCC unroll 6
    for (std::size_t query = 0; query < queries; ++query) {
      for (std::size_t j = 0; j < panel; ++j)
        sums[query][j] += vectors[query * dim + i] * candidates[i * panel + j];
    }
  }
#pragma GCC unroll 6
  for (std::size_t query = 0; query < queries; ++query) {
    for (std::size_t j = 0; j < panel; ++j) scores[query * stride + j] = sums[query][j];
  }
}

GEMEL_VECTORIZE
void score_panels(const float* vectors, std::size_t queries, std::size_t dim, const float* candidates,
                  std::size_t panels, float* scores, std::size_t stride) {
  for (std::size_t p = 0; p < panels; ++p) {
    const float* const of_panel = candidates + p * dim * panel;
    std::size_t query = 0;
    for (; query + block <= queries; query += block)
      score_panel<block>(vectors + query * dim, dim, of_panel, scores + query * stride + p * panel, stride);
    for (; query < queries; ++query)
      score_panel<1>(vectors + query * dim, dim, of_panel, scores + query * stride + p * panel, stride);
  }
}

}  // namespace

CandidatePanels::CandidatePanels(ConstMatrixView candidates)
    : dim_(candidates.cols()), values_((candidates.rows() + panel - 1) / panel, dim_ * panel) {
  for (std::size_t row = 0; row < candidates.rows(); ++row) {
    float* const column = values_.row(row / panel).data() + row % panel;
    for (std::size_t i = 0; i < dim_; ++i) column[i * panel] = candidates(row, i);
  }
}

void CandidatePanels::score(ConstMatrixView queries, std::size_t first, std::size_t count, float* scores,
                            std::size_t stride) const {
  score_panels(queries.data(), queries.rows(), dim_, values_.row(first).data(), count, scores, stride);
}

}  // namespace gemel::tensor
