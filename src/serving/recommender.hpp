#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "evaluation/embedder.hpp"
#include "features/encoder.hpp"
#include "ingest/columns.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "serving/retriever.hpp"

namespace gemel::serving {

/// What a model answers to some queries.
struct Answers {
  std::vector<std::vector<RankedItem>> lists;   ///< of each query
  std::vector<features::UnknownValue> unknown;  ///< values of the queries that the model has not learned
};

/// Answers queries, given as raw values, with the best items of a model's catalogue. Scores, averages and biases are those of training.
class Recommender {
 public:
  /// `is_allowed` as Retriever has it. The model and the communicator must outlive the object. Collective.
  Recommender(const model::LoadedModel& model, const std::vector<bool>* is_allowed, int threads,
              mpi::Communicator& communicator);

  /// What queries are made of.
  const features::Encoder& encoder() const { return encoder_; }
  /// Items that are ranked.
  std::size_t items() const { return retriever_.size(); }

  /// The best k items for each row of `queries`, of which this rank has at most evaluation::most_queries. Arguments and errors as of
  /// Encoder::encode and Retriever::search. Collective.
  Answers recommend(const ingest::Columns& queries, std::size_t k,
                    std::span<const std::span<const std::int32_t>> left_out = {});

 private:
  std::size_t dim_;  // of vectors
  base::ThreadTeam team_;
  onednn::Runtime runtime_;
  features::Encoder encoder_;
  evaluation::Embedder embedder_;
  Retriever retriever_;
  tensor::Matrix vectors_;  // of the queries
};

}  // namespace gemel::serving
