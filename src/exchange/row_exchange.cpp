#include "gemel/exchange/row_exchange.hpp"

namespace gemel::exchange {
RowExchange::RowExchange(const LanePlan& plan, mpi::Communicator& communicator, std::vector<Table> tables)
    : plan_(plan),
      communicator_(communicator),
      tables_(std::move(tables)),
      summers_(tables_.size()),
      parts_(tables_.size()),
      merges_(plan.ranks == 1 ? plan.local_merges : plan.global_merges),
      row_counts_(static_cast<std::size_t>(plan.ranks)),
      value_counts_(static_cast<std::size_t>(plan.ranks)) {}

void RowExchange::start(const std::vector<std::vector<RowGradient>>& lanes) {
  if (plan_.ranks == 1) {
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      parts_[table].clear();
      for (const auto& lane : lanes) parts_[table].push_back(lane[tables_[table].index]);
    }
    return;
  }
  pack(lanes);
  // Which counts come from whom follows from the tree; how many rows, from the counts.
  std::size_t subtrees = 0;
  std::vector<std::size_t>& count_counts = row_counts_;
  for (std::size_t rank = 0; rank < row_counts_.size(); ++rank) {
    count_counts[rank] = tables_.size() * plan_.subtree_counts[rank];
    subtrees += plan_.subtree_counts[rank];
  }
  all_counts_.resize(tables_.size() * subtrees);
  communicator_.start_all_gather(std::span<const std::int64_t>(counts_), std::span(all_counts_),
                                 std::span<const std::size_t>(count_counts), pending_);
  pending_.wait();

  const std::int64_t* count = all_counts_.data();
  std::size_t rows = 0;
  std::size_t values = 0;
  for (std::size_t rank = 0; rank < row_counts_.size(); ++rank) {
    row_counts_[rank] = 0;
    value_counts_[rank] = 0;
    for (const Table& table : tables_) {
      for (std::size_t subtree = 0; subtree < plan_.subtree_counts[rank]; ++subtree, ++count) {
        row_counts_[rank] += static_cast<std::size_t>(*count);
        value_counts_[rank] += static_cast<std::size_t>(*count) * table.dim;
      }
    }
    rows += row_counts_[rank];
    values += value_counts_[rank];
  }
  all_rows_.resize(rows);
  all_values_.resize(values);
  communicator_.start_all_gather(std::span<const std::int64_t>(rows_), std::span(all_rows_),
                                 std::span<const std::size_t>(row_counts_), pending_);
  communicator_.start_all_gather(std::span<const float>(values_), std::span<float>(all_values_),
                                 std::span<const std::size_t>(value_counts_), pending_);
}

void RowExchange::finish() {
  if (plan_.ranks == 1) return;
  pending_.wait();
  unpack();
}

void RowExchange::pack(const std::vector<std::vector<RowGradient>>& lanes) {
  counts_.clear();
  rows_.clear();
  values_.clear();
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    std::vector<RowGradientView>& parts = parts_[table];
    for (const LanePlan::Subtree& subtree : plan_.subtrees) {
      parts.clear();
      for (std::size_t lane = subtree.first; lane < subtree.last; ++lane)
        parts.push_back(lanes[lane][tables_[table].index]);
      const std::size_t before = rows_.size();
      summers_[table].sum(parts, subtree.merges, tables_[table].dim,
                          [&](std::int64_t row, std::span<const float> sum) {
                            rows_.push_back(row);
                            values_.insert(values_.end(), sum.begin(), sum.end());
                          });
      counts_.push_back(static_cast<std::int64_t>(rows_.size() - before));
    }
  }
}

void RowExchange::unpack() {
  for (auto& parts : parts_) parts.clear();
  const std::int64_t* count = all_counts_.data();
  const std::int64_t* row = all_rows_.data();
  const float* value = all_values_.data();
  for (const std::size_t subtrees : plan_.subtree_counts) {
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      for (std::size_t subtree = 0; subtree < subtrees; ++subtree, ++count) {
        const auto rows = static_cast<std::size_t>(*count);
        parts_[table].push_back({{row, rows}, value});
        row += rows;
        value += rows * tables_[table].dim;
      }
    }
  }
}

}  // namespace gemel::exchange
