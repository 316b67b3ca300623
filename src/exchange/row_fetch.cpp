#include "exchange/row_fetch.hpp"

#include <algorithm>

namespace gemel::exchange {

void RowFetch::start(const RowRequest& request, std::span<const tensor::ConstMatrixView> held) {
  tables_ = request.tables().size();
  send_sizes_.clear();
  receive_sizes_.clear();
  std::size_t sent = 0;
  std::size_t received = 0;
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    sent += send_sizes_.emplace_back(request.values_asked_by(rank));
    received += receive_sizes_.emplace_back(request.values_wanted_of(rank));
  }
  outgoing_.resize(sent);
  incoming_.resize(received);
  pack(request, held);
  communicator_.start_all_to_all(std::span<const float>(outgoing_), std::span<const std::size_t>(send_sizes_),
                                 std::span<float>(incoming_), std::span<const std::size_t>(receive_sizes_),
                                 pending_);
  locate_rows(request, held);
}

void RowFetch::pack(const RowRequest& request, std::span<const tensor::ConstMatrixView> held) {
  float* next = outgoing_.data();
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    for (std::size_t part = 0; part < request.parts(asker); ++part) {
      for (const std::size_t table : request.sharded()) {
        const std::int64_t first = request.tables()[table].blocks.block(communicator_.rank()).first;
        for (const std::int64_t row : request.asked_by(asker, part, table))
          next = std::ranges::copy(held[table].row(static_cast<std::size_t>(row - first)), next).out;
      }
    }
  }
}

/// What comes lies by owner, and so do the rows that a part wants of a table.
void RowFetch::locate_rows(const RowRequest& request, std::span<const tensor::ConstMatrixView> held) {
  starts_.resize(request.own_parts() * tables_);
  for (auto& starts : starts_) starts.clear();
  std::size_t start = 0;
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (std::size_t part = 0; part < request.own_parts(); ++part) {
      for (const std::size_t table : request.sharded()) {
        const std::size_t rows = request.wanted_of(owner, part, table).size();
        for (std::size_t row = 0; row < rows; ++row, start += request.tables()[table].dim)
          starts_[part * tables_ + table].push_back(start);
      }
    }
  }
  rows_.clear();
  for (std::size_t part = 0; part < request.own_parts(); ++part) {
    for (std::size_t table = 0; table < tables_; ++table) {
      const RowTable& shape = request.tables()[table];
      if (shape.is_sharded()) {
        rows_.emplace_back(request.wanted(part, table), starts_[part * tables_ + table], incoming_.data(),
                           shape.dim);
      } else {
        rows_.emplace_back(held[table]);
      }
    }
  }
}

void RowFetch::finish() {
  pending_.wait();
}

}  // namespace gemel::exchange
