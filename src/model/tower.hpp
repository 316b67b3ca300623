#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exchange/placement.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_gradient.hpp"
#include "features/feature.hpp"
#include "model/architecture.hpp"
#include "model/embedding_table.hpp"
#include "model/feature_input.hpp"
#include "model/layer.hpp"
#include "model/layer_stack.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// One side of the model: makes a vector [output_width()] of the features of a row.
class Tower {
 public:
  /// What one lane of a step leaves between forward and backward. Memory is kept from step to step.
  struct Activations {
    LayerStack::Activations layers;
    std::vector<float> biases;     ///< [rows]
    tensor::Matrix bias_gradient;  ///< [rows, 1]
    /// Where vectors have a last column: the other columns, and their gradient.
    tensor::Matrix computed;
    tensor::Matrix computed_gradient;
  };

  /// `features` are those of the architecture; `seed` is that of the tables' first values.
  Tower(TowerArchitecture architecture, std::vector<features::FittedFeature> features,
        const exchange::TablePlacements& placements, std::uint64_t seed);

  const TowerArchitecture& architecture() const { return architecture_; }
  const std::string& name() const { return architecture_.name(); }
  const std::vector<features::FittedFeature>& features() const { return features_; }
  std::size_t output_width() const { return architecture_.output_width(); }
  std::vector<EmbeddingTable>& tables() { return tables_; }
  const std::vector<EmbeddingTable>& tables() const { return tables_; }

  /// Appends the rows of table `table` that the selection touches, in any order, with repetitions.
  void touched_rows(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::size_t table, std::vector<std::int64_t>& touched) const {
    architecture_.input().touched_rows(rows, selection, table, touched);
  }

  /// Fills in the layers' input with the selected rows' features, and activations.biases; -1 in `selection` gives a row of zeros.
  /// tables[t] must have the rows of table t that the selection touches.
  void look_up(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
               std::span<const exchange::ReachableRows> tables, Activations& activations) const;

  /// Whether training drops anything.
  bool drops() const { return architecture_.layers().drops(); }

  /// After `look_up`, from the layers' input, which it may overwrite, to `vectors` [rows, output_width()].
  void forward(const ForwardPass& pass, Activations& activations, tensor::MatrixView vectors) const;

  /// Given the gradient of the vectors [rows, output_width()], which it may overwrite, writes the gradients of this tower's dense
  /// parameters to their places, and leaves that of the input in activations.
  void backward(const BackwardPass& pass, Activations& activations, tensor::ConstMatrixView vectors,
                tensor::MatrixView vector_gradient) const;

  /// After `backward`: gradients[t] of table t from this lane.
  void row_gradients(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                     const Activations& activations, std::span<exchange::RowGradient> gradients,
                     FeatureInput::Scratch& scratch) const;

 private:
  void append_last_column(const Activations& activations, tensor::MatrixView vectors) const;
  tensor::MatrixView split_last_column(tensor::ConstMatrixView vector_gradient,
                                       Activations& activations) const;

  TowerArchitecture architecture_;
  std::vector<features::FittedFeature> features_;
  std::vector<EmbeddingTable> tables_;
};

}  // namespace gemel::model
