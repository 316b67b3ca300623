#include "evaluation/row_embedder.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "base/random.hpp"
#include "evaluation/embedder.hpp"
#include "model/table_access.hpp"
#include "onednn/single_thread.hpp"

namespace gemel::evaluation {
namespace {

tensor::Matrix drawn_inputs(std::size_t rows, std::size_t cols) {
  const std::uint64_t key = base::random_key(0, "inputs of a tower");
  tensor::Matrix inputs(rows, cols);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs.data()[i] = 2 * base::random_float(key, i) - 1;
  return inputs;
}

tensor::Matrix outputs_of(const model::LayerStack& layers, std::span<const float> parameters,
                          tensor::ConstMatrixView inputs, RowEmbedder::Scratch& scratch) {
  layers.begin(inputs.rows(), scratch.activations.layers);
  std::ranges::copy(inputs.flat(), scratch.activations.layers.input().data());
  tensor::Matrix outputs(inputs.rows(), layers.outputs());
  layers.forward({parameters, scratch.executor}, scratch.activations.layers, outputs.view());
  return outputs;
}

/// Whether rows that are computed one by one have the bits that they have among as many as Embedder computes together. oneDNN chooses
/// its code by the shape and the processor, and promises nothing; so drawn rows tell.
bool has_same_bits_alone(const model::LayerStack& layers, std::span<const float> parameters) {
  const onednn::SingleThread single;
  RowEmbedder::Scratch scratch;
  const tensor::Matrix inputs = drawn_inputs(Embedder::rows_together, layers.inputs());
  const tensor::Matrix together = outputs_of(layers, parameters, inputs.view(), scratch);
  const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  for (std::size_t row = 0; row < inputs.rows(); ++row) {
    const tensor::Matrix alone = outputs_of(layers, parameters, inputs.view().middle_rows(row, 1), scratch);
    if (!std::ranges::equal(alone.row(0), together.row(row), {}, bits, bits)) return false;
  }
  return true;
}

}  // namespace

RowEmbedder::RowEmbedder(const model::Tower& tower, const model::DenseParameters& parameters)
    : tower_(tower),
      parameters_(parameters),
      batch_(has_same_bits_alone(tower.architecture().layers(), parameters.values())
                 ? 1
                 : Embedder::rows_together) {
  for (const exchange::RowTable& table : model::row_tables(tower))
    base::require(!table.is_sharded(), "evaluation: a table whose rows are on several ranks");
  for (const tensor::ConstMatrixView rows : model::held_rows(tower)) tables_.emplace_back(rows);
}

void RowEmbedder::run(const features::FeatureRows& rows, std::size_t row, Scratch& scratch,
                      std::span<float> vector) const {
  const onednn::SingleThread single;
  scratch.selection.assign(batch_, -1);
  scratch.selection.front() = static_cast<std::int32_t>(row);
  scratch.vectors.resize(batch_, tower_.output_width());
  tower_.look_up(rows, scratch.selection, tables_, scratch.activations);
  tower_.forward({parameters_.values(), scratch.executor}, scratch.activations, scratch.vectors.view());
  std::ranges::copy(scratch.vectors.row(0), vector.begin());
}

}  // namespace gemel::evaluation
