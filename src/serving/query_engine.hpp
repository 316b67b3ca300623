#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/pool.hpp"
#include "base/thread_team.hpp"
#include "evaluation/query_search.hpp"
#include "evaluation/row_embedder.hpp"
#include "evaluation/score_tiles.hpp"
#include "features/encoder.hpp"
#include "ingest/block_strings.hpp"
#include "ingest/columns.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"
#include "serving/compared_vectors.hpp"
#include "serving/named_value.hpp"
#include "serving/retriever.hpp"
#include "serving/seen_items.hpp"

namespace gemel::serving {

/// What one query asks for beside its values. Rows of the catalogue, ascending, each once.
struct AskedItems {
  std::optional<std::vector<std::int32_t>> allowed;  ///< nothing: all
  std::vector<std::int32_t> left_out;
  bool keep_seen = false;
};

/// The answer to one query.
struct Answer {
  std::vector<RankedItem> items;
  std::vector<std::string> unknown;  ///< columns with a value that the model has not learned
};

/// Answers single queries of a model that one rank has all of, without talking to other ranks, by any number of threads at once. Scores
/// have the bits of Recommender's and SimilarItems'. Every const member throws AgreedError: usage for arguments that cannot be.
class QueryEngine {
 public:
  /// `seen_items`: nothing where it is unknown what users have seen. `threads` share a query, where that is faster. The references must
  /// outlive the object; the communicator is self().
  QueryEngine(const model::LoadedModel& model, std::optional<SeenItems> seen_items, int threads,
              mpi::Communicator& self);

  const model::LoadedModel& model() const { return model_; }
  const features::Encoder& encoder() const { return encoder_; }
  bool knows_seen() const { return seen_items_.has_value(); }

  /// The row of the item with this id, or ingest::IdDirectory::no_row.
  std::int64_t row_of(std::string_view id) const;
  /// Those of several, ascending, each once; unknown ids are passed over.
  std::vector<std::int32_t> rows_of(std::span<const std::string> ids) const;

  /// The best k items for a query of these values. DivergedError for scores that are not finite.
  Answer recommend(const std::vector<NamedValue>& query, std::size_t k, AskedItems asked) const;
  /// The k items most similar to that in row `item`, without it.
  std::vector<RankedItem> similar(std::int32_t item, std::size_t k, Measure measure) const;
  /// The vector [d] of a query.
  std::vector<float> vector_of(const std::vector<NamedValue>& query) const;

 private:
  /// Vectors of items as a measure compares them, made when first asked for.
  struct Compared {
    std::once_flag once;
    std::optional<tensor::Matrix> vectors;
    std::optional<evaluation::ScoreTiles> tiles;
  };

  ingest::Columns columns_of(const std::vector<NamedValue>& query) const;
  std::vector<float> embed(const features::FeatureRows& rows) const;
  /// Adds what the query's user has seen to what is left out.
  void leave_out_seen(const ingest::Columns& query, AskedItems& asked) const;
  const Compared& compared_by(Measure measure) const;

  const model::LoadedModel& model_;
  mpi::Communicator& self_;
  base::ThreadTeam team_;
  features::Encoder encoder_;
  evaluation::RowEmbedder embedder_;
  evaluation::ScoreTiles tiles_;
  ingest::IdDirectory item_ids_;
  std::optional<SeenItems> seen_items_;
  mutable base::Pool<evaluation::RowEmbedder::Scratch> scratches_;
  mutable std::array<Compared, 2> compared_;  // by Measure
};

}  // namespace gemel::serving
