#include "gemel/exchange/row_fetch.hpp"

#include <algorithm>

namespace gemel::exchange {

void RowFetch::run(const RowRequest& request, std::span<const tensor::ConstMatrixView> held) {
  send_sizes_.clear();
  receive_sizes_.clear();
  outgoing_.clear();
  std::size_t total = 0;
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    for (std::size_t part = 0; part < request.parts(rank); ++part) {
      for (std::size_t table = 0; table < request.tables(); ++table) {
        const std::int64_t first = request.table(table).blocks.block(communicator_.rank()).first;
        for (const std::int64_t row : request.asked_by(rank, part, table)) {
          const auto values = held[table].row(static_cast<std::size_t>(row - first));
          outgoing_.insert(outgoing_.end(), values.begin(), values.end());
        }
      }
    }
    send_sizes_.push_back(request.values_asked_by(rank));
    receive_sizes_.push_back(request.values_wanted_of(rank));
    total += receive_sizes_.back();
  }
  incoming_.resize(total);
  communicator_.start_all_to_all(std::span<const float>(outgoing_), std::span<const std::size_t>(send_sizes_),
                                 std::span<float>(incoming_), std::span<const std::size_t>(receive_sizes_),
                                 pending_);
  pending_.wait();

  // What came lies by owner; a list's rows lie by owner too, so each list is filled from front to back.
  fetched_.resize(request.own_parts() * request.tables());
  filled_.assign(fetched_.size(), 0);
  for (std::size_t list = 0; list < fetched_.size(); ++list) {
    const std::size_t table = list % request.tables();
    fetched_[list].resize(request.wanted(list / request.tables(), table).size(), request.table(table).dim);
  }
  const float* values = incoming_.data();
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (std::size_t list = 0; list < fetched_.size(); ++list) {
      const std::size_t table = list % request.tables();
      const std::size_t size =
          request.wanted_of(owner, list / request.tables(), table).size() * request.table(table).dim;
      std::copy_n(values, size, fetched_[list].data() + filled_[list]);
      filled_[list] += size;
      values += size;
    }
  }
}

ReachableRows RowFetch::rows(const RowRequest& request, std::size_t part, std::size_t table) const {
  return {request.wanted(part, table), fetched_[part * request.tables() + table].view()};
}

}  // namespace gemel::exchange
