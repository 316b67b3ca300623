#include "model/dropout.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "base/random.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::model {
namespace {

constexpr float levels = 65536.0F;         // of 16 random bits
constexpr std::size_t values_a_block = 8;  // of 128 random bits
constexpr std::size_t words_a_block = 4;
constexpr std::size_t most_blocks = 64;  // of 128 random bits that are drawn at once

/// The factors of a row, each from 16 bits of `words`.
void choose(std::span<const std::uint32_t> words, std::uint32_t threshold, float kept,
            std::span<float> factors) {
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const std::uint32_t random = words[i / 2] >> (i % 2 * 16) & 0xffffU;
    factors[i] = random < threshold ? 0.0F : kept;
  }
}

}  // namespace

Dropout::Dropout(float share, const std::string& name, std::size_t width, std::uint64_t seed)
    : width_(width),
      key_(base::random_key(seed, name)),
      threshold_(static_cast<std::uint32_t>(std::lround(std::min(share * levels, levels - 1)))),
      kept_factor_(levels / (levels - static_cast<float>(threshold_))) {}

void Dropout::forward(const ForwardPass& pass, tensor::ConstMatrixView /*input*/, tensor::MatrixView output,
                      tensor::Matrix& kept) const {
  if (pass.draw == nullptr) {
    kept.resize(0, 0);
    return;
  }
  kept.resize(output.rows(), output.cols());
  draw_factors(*pass.draw, kept.view());
  tensor::multiply(output.flat(), kept.view().flat());
}

void Dropout::draw_factors(const DropoutDraw& draw, tensor::MatrixView factors) const {
  const std::uint64_t key = base::random_bits(key_, static_cast<std::uint64_t>(draw.step));
  const std::size_t blocks = (factors.cols() + values_a_block - 1) / values_a_block;
  std::array<std::uint32_t, most_blocks * words_a_block> words;
  for (std::size_t row = 0; row < factors.rows(); ++row) {
    const std::uint64_t first = static_cast<std::uint64_t>(draw.numbers[row]) * blocks;
    std::span<float> left = factors.row(row);
    for (std::size_t block = 0; block < blocks; block += most_blocks) {
      const std::size_t drawn = std::min(most_blocks, blocks - block);
      const auto columns = left.first(std::min(drawn * values_a_block, left.size()));
      base::random_words(key, first + block, std::span(words).first(drawn * words_a_block));
      choose(words, threshold_, kept_factor_, columns);
      left = left.subspan(columns.size());
    }
  }
}

void Dropout::backward(const BackwardPass& /*pass*/, tensor::ConstMatrixView /*input*/,
                       tensor::ConstMatrixView /*output*/, tensor::MatrixView /*output_gradient*/,
                       tensor::MatrixView input_gradient, const tensor::Matrix& kept) const {
  if (kept.size() > 0) tensor::multiply(input_gradient.flat(), kept.view().flat());
}

}  // namespace gemel::model
