#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace gemel::model {

/// The two towers. The defaults are those of TensorFlow Recommenders' tutorial "Building deep retrieval models".
struct ModelOptions {
  /// Output widths of each tower's dense layers; the last one is the width of the vectors that are compared. Empty: none, a tower's
  /// vector is its features side by side, which must then be as wide for both towers.
  std::vector<std::size_t> layers = {32};
  /// Width of an embedding whose feature names no DIM of its own.
  std::size_t embedding_dim = 32;
  /// Embedding tables begin uniform in +-this, as Keras's do.
  float embedding_range = 0.05F;
  /// Declarations COLUMN:KIND[:DIM], in the order in which they are concatenated.
  std::vector<std::string> query_features = {"user_id:lookup", "timestamp:bucketize(1000)",
                                             "timestamp:normalize"};
  std::vector<std::string> candidate_features = {"title:lookup", "title:text(10000)"};
  /// Whether these features were not chosen, so that they become user_id:lookup where the data has no timestamps, and item_id:lookup
  /// where it has no titles.
  bool adapt_query_features = false;
  bool adapt_candidate_features = false;
  /// Both towers' vectors have length 1: scores are cosines.
  bool normalize = false;
  /// Each item has a number that is added to its score: the feature item_id:bias beside the candidate features.
  bool item_bias = false;
  /// Share of the training examples whose ids, the lookups of the query tower, are replaced by the unknown one, drawn anew in each epoch.
  float unknown_share = 0;
  /// Shares of values that training sets to 0, drawn anew at each step: of the outputs of all layers but the last, and of the two
  /// towers' inputs. dropout.hpp says more.
  float dropout = 0;
  float query_dropout = 0;
  float candidate_dropout = 0;

  /// The declarations of all candidate features.
  std::vector<std::string> all_candidate_features() const {
    std::vector<std::string> all = candidate_features;
    if (item_bias) all.emplace_back("item_id:bias");
    return all;
  }
};

}  // namespace gemel::model
