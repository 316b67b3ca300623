#include "exchange/sharded_row_reduce.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace gemel::exchange {

void ShardedRowReduce::start(const RowRequest& request, std::span<const std::vector<RowGradient>> lanes,
                             std::span<RowSum> sums) {
  pack(request, lanes, sums);
  send_sizes_.clear();
  receive_sizes_.clear();
  std::size_t total = 0;
  for (int rank = 0; rank < communicator_.size(); ++rank) {
    send_sizes_.push_back(request.values_wanted_of(rank));
    total += receive_sizes_.emplace_back(request.values_asked_by(rank));
  }
  incoming_.resize(total);
  communicator_.start_all_to_all(std::span<const float>(outgoing_), std::span<const std::size_t>(send_sizes_),
                                 std::span<float>(incoming_), std::span<const std::size_t>(receive_sizes_),
                                 pending_);
}

/// Sums the own lanes' rows where they are to be sent from.
void ShardedRowReduce::pack(const RowRequest& request, std::span<const std::vector<RowGradient>> lanes,
                            std::span<RowSum> sums) {
  place_rows(request);
  const std::size_t lists = request.own_parts() * request.tables().size();
  for (std::size_t part = 0; part < request.own_parts(); ++part) {
    const LaneLayout::Subtree& subtree = layout_.subtrees[part];
    for (const std::size_t table : request.sharded()) {
      const RowTable& shape = request.tables()[table];
      auto& [parts, summer] = sums[table];
      parts.clear();
      for (std::size_t lane = subtree.first; lane < subtree.last; ++lane) parts.push_back(lanes[lane][table]);
      const auto wanted = request.wanted(part, table);
      const std::size_t list = part * request.tables().size() + table;
      std::size_t next = 0;
      summer.sum(parts, subtree.merges, shape.dim, [&](std::int64_t row, std::span<const float> sum) {
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
}

void ShardedRowReduce::place_rows(const RowRequest& request) {
  places_.clear();
  std::size_t total = 0;
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (std::size_t part = 0; part < request.own_parts(); ++part) {
      for (std::size_t table = 0; table < request.tables().size(); ++table) {
        places_.push_back(total);
        total += request.wanted_of(owner, part, table).size() * request.tables()[table].dim;
      }
    }
  }
  outgoing_.resize(total);
}

void ShardedRowReduce::finish(const RowRequest& request, std::span<RowSum> sums) {
  pending_.wait();
  for (const std::size_t table : request.sharded()) sums[table].parts.clear();
  const float* values = incoming_.data();
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    for (std::size_t part = 0; part < request.parts(asker); ++part) {
      for (const std::size_t table : request.sharded()) {
        const auto rows = request.asked_by(asker, part, table);
        sums[table].parts.push_back({rows, values});
        values += rows.size() * request.tables()[table].dim;
      }
    }
  }
}

}  // namespace gemel::exchange
