#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/thread_team.hpp"
#include "exchange/row_fetch.hpp"
#include "exchange/row_request.hpp"
#include "features/feature.hpp"
#include "model/parameter.hpp"
#include "model/tower.hpp"
#include "mpi/communicator.hpp"
#include "onednn/runtime.hpp"
#include "tensor/matrix.hpp"

namespace gemel::evaluation {

/// Computes a tower's vectors of any rows, outside of training. Rows of sharded tables are fetched from their owners some thousand
/// examples at a time.
class Embedder {
 public:
  /// Rows that one thread embeds at a time. Always this many, the last ones padded, so that oneDNN sees one shape.
  static constexpr std::size_t rows_together = 256;

  /// The references must outlive the embedder.
  Embedder(mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime,
           const model::Tower& tower, const model::DenseParameters& parameters);

  /// vectors [count, d] of the rows [first, first + count) of `rows`; ranks may ask for different numbers of rows, also none.
  /// Collective.
  void run(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors);

  /// Floating-point operations of the tower so far, on this rank.
  std::int64_t flops() const { return flops_; }

 private:
  struct Scratch {  // of one thread
    model::Tower::Activations activations;
    std::vector<std::int32_t> selection;
    tensor::Matrix vectors;
  };

  void fetch(const features::FeatureRows& rows, std::size_t first, std::size_t count);
  void embed(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors);

  mpi::Communicator& communicator_;
  const base::ThreadTeam& team_;
  onednn::Runtime& runtime_;
  const model::Tower& tower_;
  const model::DenseParameters& parameters_;
  exchange::RowRequest request_;
  exchange::RowFetch fetch_;
  std::vector<Scratch> scratches_;
  std::int64_t flops_ = 0;
};

}  // namespace gemel::evaluation
