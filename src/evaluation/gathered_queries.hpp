#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mpi/communicator.hpp"
#include "tensor/matrix.hpp"

namespace gemel::evaluation {

/// Queries of one rank in one round of an evaluation: bounds the memory of a round.
inline constexpr std::size_t most_queries = 1024;

/// Queries that every rank has brought, on every rank, in rank order.
class GatheredQueries {
 public:
  /// `own` [count, d]: ranks may bring different numbers of them, also none, and at most most_queries. Collective.
  void gather(tensor::ConstMatrixView own, mpi::Communicator& communicator);

  /// A number that each rank brings for each of the queries that were gathered last, into `all`. Collective.
  void gather(std::span<const std::int32_t> own, std::vector<std::int32_t>& all,
              mpi::Communicator& communicator) const;

  std::size_t size() const { return vectors_.rows(); }
  tensor::ConstMatrixView vectors() const { return vectors_.view(); }
  std::span<const std::size_t> counts() const { return counts_; }  ///< of every rank
  /// Where the queries of a rank begin.
  std::size_t first_of(int rank) const;

 private:
  std::vector<std::size_t> counts_;
  tensor::Matrix vectors_;
};

}  // namespace gemel::evaluation
