#include "evaluation/gathered_queries.hpp"

#include <numeric>

#include "base/error.hpp"

namespace gemel::evaluation {

void GatheredQueries::gather(tensor::ConstMatrixView own, mpi::Communicator& communicator) {
  base::require(own.rows() <= most_queries, "evaluation: too many queries");
  counts_ = communicator.all_gather(own.rows());
  vectors_.resize(std::accumulate(counts_.begin(), counts_.end(), std::size_t{0}), own.cols());
  std::vector<std::size_t> values;
  for (const std::size_t count : counts_) values.push_back(count * own.cols());
  mpi::Pending pending;
  communicator.start_all_gather(own.flat(), vectors_.view().flat(), std::span<const std::size_t>(values),
                                pending);
  pending.wait();
}

void GatheredQueries::gather(std::span<const std::int32_t> own, std::vector<std::int32_t>& all,
                             mpi::Communicator& communicator) const {
  base::require(own.size() == counts_[static_cast<std::size_t>(communicator.rank())],
                "evaluation: one number for each query");
  all.resize(size());
  mpi::Pending pending;
  communicator.start_all_gather(own, std::span(all), std::span<const std::size_t>(counts_), pending);
  pending.wait();
}

std::size_t GatheredQueries::first_of(int rank) const {
  return std::accumulate(counts_.begin(), counts_.begin() + rank, std::size_t{0});
}

}  // namespace gemel::evaluation
