#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exchange/row_exchange.hpp"
#include "features/feature.hpp"
#include "model/dense_layer.hpp"
#include "model/dropout.hpp"
#include "model/feature_input.hpp"
#include "model/parameter.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::model {

/// What a tower makes of its features.
struct TowerShape {
  std::vector<std::size_t> layers;  ///< widths of the dense layers
  bool normalize = false;           ///< what they compute is scaled to length 1
  float input_dropout = 0;          ///< shares that training drops
  float hidden_dropout = 0;
  float embedding_range = 0;  ///< of the tables' first values
  bool append_one = false;    ///< a last column of 1, which meets the other tower's biases in the dot product
};

/// One side of the model: features side by side, then dense layers with ReLU on all but the last, if there are any, to a vector
/// [output_width()]. Biases, where there are such features, become the vector's last column as they are.
class Tower {
 public:
  /// What one lane of a step leaves between forward and backward. Memory is kept from step to step.
  struct Activations {
    tensor::Matrix input;                   ///< [rows, input_width()]
    std::vector<tensor::Matrix> outputs;    ///< of every layer but the last, [rows, width]
    std::vector<tensor::Matrix> gradients;  ///< with respect to the inputs of every layer, [rows, width]
    std::vector<tensor::Matrix>
        dropout;  ///< factors of the input and of every one of `outputs`; empty where nothing is dropped
    std::vector<float> factors;    ///< by which rows were scaled to length 1
    std::vector<float> biases;     ///< [rows]
    tensor::Matrix bias_gradient;  ///< [rows, 1]
    /// Where vectors have a last column: the other columns, and their gradient.
    tensor::Matrix computed;
    tensor::Matrix computed_gradient;
  };

  /// `name` is "query" or "candidate". Adds its dense parameters to `parameters`.
  Tower(std::string name, std::vector<features::FittedFeature> features, TowerShape shape,
        const exchange::TablePlacements& placements, DenseParameters& parameters, std::uint64_t seed);

  const std::string& name() const { return name_; }
  const std::vector<features::FittedFeature>& features() const { return features_; }
  const TowerShape& shape() const { return shape_; }
  std::size_t input_width() const { return input_.width(); }
  std::size_t output_width() const { return computed_width() + (has_last_column() ? 1 : 0); }
  std::vector<EmbeddingTable>& tables() { return input_.tables(); }
  const std::vector<EmbeddingTable>& tables() const { return input_.tables(); }

  /// Appends the rows of table `table` that the selection touches, in any order, with repetitions.
  void touched_rows(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::size_t table, std::vector<std::int64_t>& touched) const {
    input_.touched_rows(rows, selection, table, touched);
  }

  /// Fills activations.input with the selected rows' features, and activations.biases; -1 in `selection` gives a row of zeros. tables[t] must have the
  /// rows of table t that the selection touches.
  void look_up(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
               std::span<const exchange::ReachableRows> tables, Activations& activations) const;

  /// Whether training drops anything.
  bool drops() const;

  /// From activations.input, which it may overwrite, to `vectors` [rows, output_width()]. Outside of training nothing is dropped, and
  /// there is no `draw`.
  void forward(std::span<const float> parameters, Activations& activations, tensor::MatrixView vectors,
               onednn::Executor& executor, const DropoutDraw* draw = nullptr) const;

  /// Given the gradient of the vectors [rows, output_width()], which it may overwrite, writes the gradients of this tower's dense
  /// parameters to their places in `parameter_gradient`, and leaves that of the input in activations.
  void backward(std::span<const float> parameters, Activations& activations, tensor::ConstMatrixView vectors,
                tensor::MatrixView vector_gradient, std::span<float> parameter_gradient,
                onednn::Executor& executor) const;

  /// After `backward`: gradients[t] of table t from this lane.
  void row_gradients(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                     const Activations& activations, std::span<exchange::RowGradient> gradients,
                     FeatureInput::Scratch& scratch) const;

 private:
  bool has_last_column() const { return shape_.append_one || input_.has_biases(); }
  std::size_t computed_width() const { return layers_.empty() ? input_width() : layers_.back().outputs(); }
  void run_layers(std::span<const float> parameters, Activations& activations, tensor::MatrixView result,
                  onednn::Executor& executor, const DropoutDraw* draw) const;
  void drop(std::size_t place, const DropoutDraw* draw, tensor::MatrixView values,
            Activations& activations) const;
  void append_last_column(const Activations& activations, tensor::MatrixView vectors) const;
  tensor::MatrixView split_last_column(tensor::ConstMatrixView vector_gradient,
                                       Activations& activations) const;

  std::string name_;
  std::vector<features::FittedFeature> features_;
  TowerShape shape_;
  FeatureInput input_;
  std::vector<DenseLayer> layers_;
  std::vector<Dropout> dropouts_;  // of the input, then of the output of every layer but the last
};

}  // namespace gemel::model
