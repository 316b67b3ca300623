#include "exchange/row_exchange.hpp"

#include <algorithm>

#include "exchange/message_kind.hpp"

namespace gemel::exchange {

RowExchange::RowExchange(const LaneLayout& layout, mpi::Communicator& communicator, std::vector<Table> tables)
    : layout_(layout),
      communicator_(communicator),
      tables_(std::move(tables)),
      summers_(tables_.size()),
      parts_(tables_.size()),
      merges_(layout.ranks == 1 ? layout.local_merges : layout.global_merges),
      shares_(static_cast<std::size_t>(layout.ranks)) {}

void RowExchange::start(const std::vector<std::vector<RowGradient>>& lanes) {
  if (layout_.ranks == 1) {
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      parts_[table].clear();
      for (const auto& lane : lanes) parts_[table].push_back(lane[tables_[table].index]);
    }
    return;
  }
  if (tables_.empty()) return;
  const std::span<const float> values = pack(lanes);
  const std::span<const std::int64_t> rows = shares_[static_cast<std::size_t>(layout_.rank)].rows;
  for (int step = 1; step < layout_.ranks; ++step) {
    const int to = (layout_.rank + step) % layout_.ranks;
    communicator_.start_message(to, row_gradients, rows, pending_);
    communicator_.start_message(to, row_gradients, values, pending_);
  }
}

void RowExchange::finish() {
  if (layout_.ranks == 1 || tables_.empty()) return;
  for (int step = 1; step < layout_.ranks; ++step) {
    const int from = (layout_.rank + layout_.ranks - step) % layout_.ranks;
    Share& share = shares_[static_cast<std::size_t>(from)];
    share.rows.clear();
    communicator_.receive_message(from, row_gradients, share.rows);
    share.values.resize(values_of(share, from));
    communicator_.start_receiving(from, row_gradients, std::span<float>(share.values), pending_);
  }
  pending_.wait();
  unpack();
}

/// Fills in the own share. Returns its values.
std::span<const float> RowExchange::pack(const std::vector<std::vector<RowGradient>>& lanes) {
  Share& own = shares_[static_cast<std::size_t>(layout_.rank)];
  own.rows.assign(tables_.size() * layout_.subtrees.size(), 0);
  if (const std::size_t most = most_values(lanes); own.values.size() < most) own.values.resize(most);
  float* next = own.values.data();
  std::size_t list = 0;
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    std::vector<RowGradientView>& parts = parts_[table];
    for (const LaneLayout::Subtree& subtree : layout_.subtrees) {
      parts.clear();
      for (std::size_t lane = subtree.first; lane < subtree.last; ++lane)
        parts.push_back(lanes[lane][tables_[table].index]);
      const std::size_t before = own.rows.size();
      summers_[table].sum(parts, subtree.merges, tables_[table].dim,
                          [&](std::int64_t row, std::span<const float> sum) {
                            own.rows.push_back(row);
                            next = std::ranges::copy(sum, next).out;
                          });
      own.rows[list++] = static_cast<std::int64_t>(own.rows.size() - before);
    }
  }
  return {own.values.data(), next};
}

/// The number of values if no row were in two lanes.
std::size_t RowExchange::most_values(const std::vector<std::vector<RowGradient>>& lanes) const {
  std::size_t values = 0;
  for (const auto& lane : lanes) {
    for (const Table& table : tables_) values += lane[table.index].rows.size() * table.dim;
  }
  return values;
}

std::size_t RowExchange::values_of(const Share& share, int rank) const {
  const std::size_t subtrees = layout_.subtree_counts[static_cast<std::size_t>(rank)];
  std::size_t values = 0;
  for (std::size_t list = 0; list < tables_.size() * subtrees; ++list)
    values += static_cast<std::size_t>(share.rows[list]) * tables_[list / subtrees].dim;
  return values;
}

void RowExchange::unpack() {
  for (auto& parts : parts_) parts.clear();
  for (std::size_t rank = 0; rank < shares_.size(); ++rank) {
    const Share& share = shares_[rank];
    const std::size_t lists = tables_.size() * layout_.subtree_counts[rank];
    const std::int64_t* row = share.rows.data() + lists;
    const float* value = share.values.data();
    for (std::size_t list = 0; list < lists; ++list) {
      const std::size_t table = list / layout_.subtree_counts[rank];
      const auto rows = static_cast<std::size_t>(share.rows[list]);
      parts_[table].push_back({{row, rows}, value});
      row += rows;
      value += rows * tables_[table].dim;
    }
  }
}

}  // namespace gemel::exchange
