#pragma once

#include <cstddef>
#include <vector>

#include "gemel/exchange/lane_team.hpp"
#include "gemel/exchange/row_fetch.hpp"
#include "gemel/exchange/row_request.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/model/parameter.hpp"
#include "gemel/model/tower.hpp"
#include "gemel/mpi/communicator.hpp"
#include "gemel/onednn/runtime.hpp"
#include "gemel/tensor/matrix.hpp"

namespace gemel::evaluation {

/// Computes a tower's vectors of any rows, outside of training. Rows of sharded tables are fetched from their owners some thousand
/// examples at a time.
class Embedder {
 public:
  /// The references must outlive the embedder.
  Embedder(mpi::Communicator& communicator, const exchange::LaneTeam& team, onednn::Runtime& runtime,
           const model::Tower& tower, const model::DenseParameters& parameters);

  /// vectors [count, d] of the rows [first, first + count) of `rows`; ranks may ask for different numbers of rows, also none.
  /// Collective.
  void run(const ingest::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors);

 private:
  struct Scratch {  // of one thread
    model::Tower::Activations activations;
    std::vector<std::int32_t> selection;
    tensor::Matrix vectors;
  };

  void fetch(const ingest::FeatureRows& rows, std::size_t first, std::size_t count);
  void embed(const ingest::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors);

  mpi::Communicator& communicator_;
  const exchange::LaneTeam& team_;
  onednn::Runtime& runtime_;
  const model::Tower& tower_;
  const model::DenseParameters& parameters_;
  exchange::RowRequest request_;
  exchange::RowFetch fetch_;
  std::vector<exchange::ReachableRows> tables_;  // within reach
  std::vector<Scratch> scratches_;
};

}  // namespace gemel::evaluation
