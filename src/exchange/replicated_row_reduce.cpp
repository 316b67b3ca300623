#include "exchange/replicated_row_reduce.hpp"

#include <algorithm>
#include <utility>

namespace gemel::exchange {

ReplicatedRowReduce::ReplicatedRowReduce(const LaneLayout& layout, mpi::Communicator& communicator, int tag,
                                         std::vector<Table> tables)
    : layout_(layout),
      communicator_(communicator),
      tables_(std::move(tables)),
      shares_(static_cast<std::size_t>(layout.ranks)),
      pending_(tag) {}

void ReplicatedRowReduce::start(std::span<const std::vector<RowGradient>> lanes, std::span<RowSum> sums) {
  if (layout_.ranks == 1) {
    for (const Table& table : tables_) {
      sums[table.number].parts.clear();
      for (const auto& lane : lanes) sums[table.number].parts.push_back(lane[table.number]);
    }
    return;
  }
  if (tables_.empty()) return;
  const std::span<const float> values = pack(lanes, sums);
  const std::span<const std::int64_t> rows = shares_[static_cast<std::size_t>(layout_.rank)].rows;
  for (int step = 1; step < layout_.ranks; ++step) {
    const int to = (layout_.rank + step) % layout_.ranks;
    communicator_.start_message(to, rows, pending_);
    communicator_.start_message(to, values, pending_);
  }
}

void ReplicatedRowReduce::finish(std::span<RowSum> sums) {
  if (layout_.ranks == 1 || tables_.empty()) return;
  for (int step = 1; step < layout_.ranks; ++step) {
    const int from = (layout_.rank + layout_.ranks - step) % layout_.ranks;
    const auto rank = static_cast<std::size_t>(from);
    Share& share = shares_[rank];
    share.rows.clear();
    communicator_.receive_message(from, pending_.tag(), share.rows);
    share.values.resize(values_of(share, layout_.subtree_counts[rank]));
    communicator_.start_receiving(from, std::span<float>(share.values), pending_);
  }
  pending_.wait();
  unpack(sums);
}

/// Fills in the own share. Returns its values.
std::span<const float> ReplicatedRowReduce::pack(std::span<const std::vector<RowGradient>> lanes,
                                                 std::span<RowSum> sums) {
  Share& own = shares_[static_cast<std::size_t>(layout_.rank)];
  own.rows.assign(tables_.size() * layout_.subtrees.size(), 0);
  if (const std::size_t most = most_values(lanes); own.values.size() < most) own.values.resize(most);
  float* next = own.values.data();
  std::size_t list = 0;
  for (const Table& table : tables_) {
    auto& [parts, summer] = sums[table.number];
    for (const LaneLayout::Subtree& subtree : layout_.subtrees) {
      parts.clear();
      for (std::size_t lane = subtree.first; lane < subtree.last; ++lane)
        parts.push_back(lanes[lane][table.number]);
      const std::size_t before = own.rows.size();
      summer.sum(parts, subtree.merges, table.dim, [&](std::int64_t row, std::span<const float> sum) {
        own.rows.push_back(row);
        next = std::ranges::copy(sum, next).out;
      });
      own.rows[list++] = static_cast<std::int64_t>(own.rows.size() - before);
    }
  }
  return {own.values.data(), next};
}

/// The number of values if no row were in two lanes.
std::size_t ReplicatedRowReduce::most_values(std::span<const std::vector<RowGradient>> lanes) const {
  std::size_t values = 0;
  for (const auto& lane : lanes) {
    for (const Table& table : tables_) values += lane[table.number].rows.size() * table.dim;
  }
  return values;
}

std::size_t ReplicatedRowReduce::values_of(const Share& share, std::size_t subtrees) const {
  std::size_t values = 0;
  for (std::size_t list = 0; list < tables_.size() * subtrees; ++list)
    values += static_cast<std::size_t>(share.rows[list]) * tables_[list / subtrees].dim;
  return values;
}

void ReplicatedRowReduce::unpack(std::span<RowSum> sums) {
  for (const Table& table : tables_) sums[table.number].parts.clear();
  for (std::size_t rank = 0; rank < shares_.size(); ++rank) {
    const Share& share = shares_[rank];
    const std::size_t subtrees = layout_.subtree_counts[rank];
    const std::int64_t* count = share.rows.data();
    const std::int64_t* row = count + tables_.size() * subtrees;
    const float* value = share.values.data();
    for (const Table& table : tables_) {
      for (std::size_t subtree = 0; subtree < subtrees; ++subtree) {
        const auto rows = static_cast<std::size_t>(*count++);
        sums[table.number].parts.push_back({{row, rows}, value});
        row += rows;
        value += rows * table.dim;
      }
    }
  }
}

}  // namespace gemel::exchange
