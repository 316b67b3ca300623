#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "gemel/model/parameter.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::model {

/// One embedding table [rows, dim], of one feature. Replicated: every rank holds it whole.
class EmbeddingTable {
 public:
  /// `name` is its path in a checkpoint: "query/tables/user_id_lookup".
  EmbeddingTable(std::string name, std::size_t rows, std::size_t dim, std::uint64_t seed)
      : name_(std::move(name)), weights_(rows, dim) {
    initialize(weights_.view(), Initializer::embedding, seed, name_);
  }

  const std::string& name() const { return name_; }
  std::size_t rows() const { return weights_.rows(); }
  std::size_t dim() const { return weights_.cols(); }
  tensor::Matrix& weights() { return weights_; }
  const tensor::Matrix& weights() const { return weights_; }

 private:
  std::string name_;
  tensor::Matrix weights_;
};

}  // namespace gemel::model
