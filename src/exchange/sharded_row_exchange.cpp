#include "exchange/sharded_row_exchange.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace gemel::exchange {

void ShardedRowExchange::start(const RowRequest& request,
                               const std::vector<std::vector<RowGradient>>& lanes) {
  request_ = &request;
  summers_.resize(request.tables());
  parts_.resize(request.tables());
  pack(lanes);
  send_sizes_.clear();
  receive_sizes_.clear();
  std::size_t total = 0;
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    send_sizes_.push_back(request.values_wanted_of(rank));
    receive_sizes_.push_back(request.values_asked_by(rank));
    total += receive_sizes_.back();
  }
  incoming_.resize(total);
  communicator_.start_all_to_all(std::span<const float>(outgoing_), std::span<const std::size_t>(send_sizes_),
                                 std::span<float>(incoming_), std::span<const std::size_t>(receive_sizes_),
                                 pending_);
}

void ShardedRowExchange::pack(const std::vector<std::vector<RowGradient>>& lanes) {
  const RowRequest& request = *request_;
  const std::size_t lists = request.own_parts() * request.tables();
  places_.clear();
  std::size_t total = 0;
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (std::size_t list = 0; list < lists; ++list) {
      const std::size_t table = list % request.tables();
      places_.push_back(total);
      total += request.wanted_of(owner, list / request.tables(), table).size() * request.table(table).dim;
    }
  }
  outgoing_.resize(total);

  for (std::size_t list = 0; list < lists; ++list) {
    const std::size_t part = list / request.tables();
    const std::size_t table = list % request.tables();
    const ShardedTable& shape = request.table(table);
    const LaneLayout::Subtree& subtree = layout_.subtrees[part];
    std::vector<RowGradientView>& parts = parts_[table];
    parts.clear();
    for (std::size_t lane = subtree.first; lane < subtree.last; ++lane)
      parts.push_back(lanes[lane][shape.index]);
    const auto wanted = request.wanted(part, table);
    std::size_t next = 0;
    summers_[table].sum(parts, subtree.merges, shape.dim, [&](std::int64_t row, std::span<const float> sum) {
      base::require(next < wanted.size() && wanted[next] == row,
                    "exchange: a gradient of a row that was not asked for");
      const auto owner = static_cast<std::size_t>(shape.blocks.owner(row));
      std::size_t& place = places_[owner * lists + list];
      std::copy(sum.begin(), sum.end(), outgoing_.data() + place);
      place += shape.dim;
      ++next;
    });
    base::require(next == wanted.size(), "exchange: no gradient of a row that was asked for");
  }
}

void ShardedRowExchange::finish() {
  pending_.wait();
  for (auto& parts : parts_) parts.clear();
  const float* values = incoming_.data();
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    for (std::size_t part = 0; part < request_->parts(asker); ++part) {
      for (std::size_t table = 0; table < request_->tables(); ++table) {
        const auto rows = request_->asked_by(asker, part, table);
        parts_[table].push_back({rows, values});
        values += rows.size() * request_->table(table).dim;
      }
    }
  }
}

}  // namespace gemel::exchange
