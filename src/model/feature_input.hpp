#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "exchange/row_gradient.hpp"
#include "features/feature.hpp"
#include "model/embedding_table.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// A tower's first stage: turns feature words into the tower's input, the features' vectors side by side, and the gradient of the
/// input into gradients of table rows.
class FeatureInput {
 public:
  /// Memory that `backward` reuses between calls, one for each thread.
  struct Scratch {
    std::vector<std::uint64_t> keys;      // table row, then place in occurrences
    std::vector<std::uint64_t> spare;     // of their sort
    std::vector<std::uint32_t> examples;  // of each occurrence
    std::vector<float> factors;           // of each occurrence: 1 / length of its list
  };

  /// The tables' first values are uniform in +-embedding_range; biases, and the rows of unknown values, are 0 at first.
  FeatureInput(const std::vector<features::FittedFeature>& features, const std::string& tower,
               float embedding_range);

  /// Columns of the input. Biases are none of them.
  std::size_t width() const { return width_; }
  /// What tables the features look up. Their rows are elsewhere: `forward` is given those that it needs.
  const std::vector<TableShape>& tables() const { return tables_; }

  /// Appends the rows of table `table` that the selection touches, in any order, with repetitions.
  void touched_rows(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                    std::size_t table, std::vector<std::int64_t>& touched) const;

  /// input [selection.size(), width()]: row i is made of row selection[i] of `rows`; -1 gives zeros. An empty list gives zeros
  /// for its feature. tables[t] must have the rows of table t that the selection touches.
  void forward(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
               std::span<const exchange::ReachableRows> tables, tensor::MatrixView input) const;

  bool has_biases() const;
  /// biases[i]: the sum of the biases of row selection[i] of `rows`; 0 for -1. `tables` as for `forward`.
  void look_up_biases(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                      std::span<const exchange::ReachableRows> tables, std::span<float> biases) const;

  /// gradients[t]: the gradient of table t given those of the input and of the biases [rows, 1], coalesced: one row for each distinct table row that the
  /// selection touched, the sum over its occurrences in order.
  void backward(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                tensor::ConstMatrixView input_gradient, tensor::ConstMatrixView bias_gradient,
                std::span<exchange::RowGradient> gradients, Scratch& scratch) const;

 private:
  /// What becomes of a feature's values.
  enum class Form {
    number,  // is in the input as it is
    row,     // of a table: so is the embedding
    mean,    // of the embeddings of a list of rows
    bias,    // a row of a table of one column, added to the score
  };

  static Form form_of(const features::Kind& kind);

  struct Column {
    Form form;
    std::size_t offset;  // first column of the input
    std::size_t width;
    std::size_t table;  // in tables_; of no meaning for numbers

    bool is_bias() const { return form == Form::bias; }
  };

  void collect(const Column& column, std::size_t feature, const features::FeatureRows& rows,
               std::span<const std::int32_t> selection, Scratch& scratch) const;

  std::vector<Column> columns_;  // one per feature
  std::vector<TableShape> tables_;
  std::size_t width_ = 0;
};

}  // namespace gemel::model
