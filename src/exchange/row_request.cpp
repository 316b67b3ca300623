#include "gemel/exchange/row_request.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace gemel::exchange {

RowRequest::RowRequest(mpi::Communicator& communicator, std::vector<ShardedTable> tables,
                       std::vector<std::size_t> parts_of_rank)
    : communicator_(communicator),
      tables_(std::move(tables)),
      parts_of_rank_(std::move(parts_of_rank)),
      first_part_(parts_of_rank_.size()),
      wanted_(own_parts() * tables_.size()),
      send_sizes_(parts_of_rank_.size()),
      receive_sizes_(parts_of_rank_.size()) {
  std::exclusive_scan(parts_of_rank_.begin(), parts_of_rank_.end(), first_part_.begin(), std::size_t{0});
}

void RowRequest::start() {
  wanted_counts_.clear();
  wanted_starts_.clear();
  next_.assign(wanted_.size(), 0);
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    for (std::size_t list = 0; list < wanted_.size(); ++list) {
      const std::vector<std::int64_t>& rows = wanted_[list];
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(next_[list]);
      const auto last =
          std::lower_bound(first, rows.end(), tables_[list % tables_.size()].blocks.block(owner).last);
      wanted_starts_.push_back(next_[list]);
      wanted_counts_.push_back(last - first);
      next_[list] = static_cast<std::size_t>(last - rows.begin());
    }
  }
  for (std::size_t rank = 0; rank < parts_of_rank_.size(); ++rank) {
    send_sizes_[rank] = wanted_.size();
    receive_sizes_[rank] = parts_of_rank_[rank] * tables_.size();
  }
  asked_counts_.resize((first_part_.back() + parts_of_rank_.back()) * tables_.size());
  communicator_.start_all_to_all(std::span<const std::int64_t>(wanted_counts_),
                                 std::span<const std::size_t>(send_sizes_), std::span(asked_counts_),
                                 std::span<const std::size_t>(receive_sizes_), pending_);
}

void RowRequest::send_rows() {
  pending_.wait();
  sent_rows_.clear();
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    const std::size_t before = sent_rows_.size();
    for (std::size_t part = 0; part < own_parts(); ++part) {
      for (std::size_t table = 0; table < tables_.size(); ++table) {
        const auto rows = wanted_of(owner, part, table);
        sent_rows_.insert(sent_rows_.end(), rows.begin(), rows.end());
      }
    }
    send_sizes_[static_cast<std::size_t>(owner)] = sent_rows_.size() - before;
  }
  asked_starts_.clear();
  std::size_t total = 0;
  for (std::size_t rank = 0; rank < parts_of_rank_.size(); ++rank) {
    const std::size_t before = total;
    for (std::size_t list = 0; list < parts_of_rank_[rank] * tables_.size(); ++list) {
      asked_starts_.push_back(total);
      total += static_cast<std::size_t>(asked_counts_[first_part_[rank] * tables_.size() + list]);
    }
    receive_sizes_[rank] = total - before;
  }
  asked_rows_.resize(total);
  communicator_.start_all_to_all(std::span<const std::int64_t>(sent_rows_),
                                 std::span<const std::size_t>(send_sizes_), std::span(asked_rows_),
                                 std::span<const std::size_t>(receive_sizes_), pending_);
}

void RowRequest::finish() {
  pending_.wait();
}

std::span<const std::int64_t> RowRequest::wanted_of(int owner, std::size_t part, std::size_t table) const {
  const std::size_t list = part * tables_.size() + table;
  const std::size_t place = static_cast<std::size_t>(owner) * wanted_.size() + list;
  return std::span(wanted_[list])
      .subspan(wanted_starts_[place], static_cast<std::size_t>(wanted_counts_[place]));
}

std::span<const std::int64_t> RowRequest::asked_by(int asker, std::size_t part, std::size_t table) const {
  const std::size_t place = (first_part_[static_cast<std::size_t>(asker)] + part) * tables_.size() + table;
  return std::span(asked_rows_).subspan(asked_starts_[place], static_cast<std::size_t>(asked_counts_[place]));
}

std::size_t RowRequest::values_wanted_of(int owner) const {
  std::size_t values = 0;
  for (std::size_t list = 0; list < wanted_.size(); ++list) {
    const std::size_t table = list % tables_.size();
    values += wanted_of(owner, list / tables_.size(), table).size() * tables_[table].dim;
  }
  return values;
}

std::size_t RowRequest::values_asked_by(int asker) const {
  std::size_t values = 0;
  for (std::size_t part = 0; part < parts(asker); ++part) {
    for (std::size_t table = 0; table < tables_.size(); ++table) {
      values += asked_by(asker, part, table).size() * tables_[table].dim;
    }
  }
  return values;
}

}  // namespace gemel::exchange
