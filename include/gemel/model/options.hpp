#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gemel::model {

/// The two towers. The defaults are those of TensorFlow Recommenders' tutorial "Building deep retrieval models".
struct ModelOptions {
  /// Output widths of each tower's dense layers; the last one is the width of the vectors that are compared.
  std::vector<std::size_t> layers = {32};
  /// Width of an embedding whose feature names no DIM of its own.
  std::size_t embedding_dim = 32;
  /// Declarations COLUMN:KIND[:DIM], in the order in which they are concatenated.
  std::vector<std::string> query_features = {"user_id:lookup", "timestamp:bucketize(1000)",
                                             "timestamp:normalize"};
  std::vector<std::string> candidate_features = {"title:lookup", "title:text(10000)"};
  /// Whether these features were not chosen, so that they become user_id:lookup where the data has no timestamps, and item_id:lookup
  /// where it has no titles.
  bool adapt_query_features = false;
  bool adapt_candidate_features = false;
};

}  // namespace gemel::model
