#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "exchange/row_fetch.hpp"
#include "features/feature_rows.hpp"
#include "model/parameter.hpp"
#include "model/tower.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::evaluation {

/// Computes a tower's vectors of single rows, with the bits that Embedder has for them, by several threads at once. All rows of all
/// tables must be here.
class RowEmbedder {
 public:
  /// What one call after the other works with.
  struct Scratch {
    onednn::Executor executor;
    model::Tower::Activations activations;
    std::vector<std::int32_t> selection;
    tensor::Matrix vectors;
  };

  /// The tower and the parameters must outlive the object. Throws InternalError where a table is sharded.
  RowEmbedder(const model::Tower& tower, const model::DenseParameters& parameters);

  /// Rows that are computed for one: 1 where oneDNN has the same bits for a row alone, else as many as Embedder computes together.
  std::size_t batch() const { return batch_; }

  /// vector [d] of row `row` of `rows`.
  void run(const features::FeatureRows& rows, std::size_t row, Scratch& scratch,
           std::span<float> vector) const;

 private:
  const model::Tower& tower_;
  const model::DenseParameters& parameters_;
  std::vector<exchange::ReachableRows> tables_;
  std::size_t batch_;
};

}  // namespace gemel::evaluation
