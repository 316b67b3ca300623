#include "exchange/row_request.hpp"

#include <algorithm>
#include <boost/sort/pdqsort/pdqsort.hpp>
#include <utility>

namespace gemel::exchange {

void make_distinct(std::vector<std::int64_t>& rows) {
  boost::sort::pdqsort_branchless(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

RowRequest::RowRequest(mpi::Communicator& communicator, std::vector<RowTable> tables,
                       std::vector<std::size_t> parts_of_rank)
    : communicator_(communicator),
      tables_(std::move(tables)),
      parts_of_rank_(std::move(parts_of_rank)),
      wanted_(own_parts() * tables_.size()),
      of_owner_(parts_of_rank_.size()),
      by_asker_(parts_of_rank_.size()) {
  for (std::size_t table = 0; table < tables_.size(); ++table) {
    if (tables_[table].is_sharded()) sharded_.push_back(table);
  }
  for (Asked& asked : of_owner_) asked.runs.resize(wanted_.size());
  for (std::size_t rank = 0; rank < by_asker_.size(); ++rank)
    by_asker_[rank].runs.resize(parts_of_rank_[rank] * tables_.size());
}

void RowRequest::tell_owners() {
  if (sharded_.empty()) return;
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    const auto place = static_cast<std::size_t>(owner);
    Asked& asked = of_owner_[place];
    asked.message.assign(own_parts() * sharded_.size(), 0);
    std::size_t count = 0;
    for (std::size_t part = 0; part < own_parts(); ++part) {
      for (const std::size_t table : sharded_) {
        const std::vector<std::int64_t>& rows = wanted_[list(part, table)];
        const Run before = owner == 0 ? Run() : of_owner_[place - 1].runs[list(part, table)];
        const std::size_t start = before.start + before.size;
        const auto first = rows.begin() + static_cast<std::ptrdiff_t>(start);
        const auto last = std::lower_bound(first, rows.end(), tables_[table].blocks.block(owner).last);
        asked.runs[list(part, table)] = {start, static_cast<std::size_t>(last - first)};
        asked.message[count++] = last - first;
        asked.message.insert(asked.message.end(), first, last);
      }
    }
    if (owner == communicator_.rank()) continue;
    communicator_.start_message(owner, std::span<const std::int64_t>(asked.message), pending_);
  }
}

void RowRequest::finish() {
  if (sharded_.empty()) return;
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    const auto place = static_cast<std::size_t>(asker);
    Asked& asked = by_asker_[place];
    asked.message.clear();
    if (asker == communicator_.rank()) {
      asked.message = of_owner_[place].message;
    } else {
      communicator_.receive_message(asker, pending_.tag(), asked.message);
    }
    find_runs(asked, parts(asker));
  }
  pending_.wait();
}

void RowRequest::find_runs(Asked& asked, std::size_t parts) const {
  std::size_t count = 0;
  std::size_t start = parts * sharded_.size();
  for (std::size_t part = 0; part < parts; ++part) {
    for (const std::size_t table : sharded_) {
      const auto size = static_cast<std::size_t>(asked.message[count++]);
      asked.runs[list(part, table)] = {start, size};
      start += size;
    }
  }
}

std::span<const std::int64_t> RowRequest::wanted_of(int owner, std::size_t part, std::size_t table) const {
  const Run run = of_owner_[static_cast<std::size_t>(owner)].runs[list(part, table)];
  return wanted(part, table).subspan(run.start, run.size);
}

std::span<const std::int64_t> RowRequest::asked_by(int asker, std::size_t part, std::size_t table) const {
  const Asked& asked = by_asker_[static_cast<std::size_t>(asker)];
  const Run run = asked.runs[list(part, table)];
  return std::span(asked.message).subspan(run.start, run.size);
}

void RowRequest::append_asked(std::size_t table, std::vector<std::int64_t>& rows) const {
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    for (std::size_t part = 0; part < parts(asker); ++part) {
      const auto asked = asked_by(asker, part, table);
      rows.insert(rows.end(), asked.begin(), asked.end());
    }
  }
}

std::size_t RowRequest::values_wanted_of(int owner) const {
  std::size_t values = 0;
  for (std::size_t part = 0; part < own_parts(); ++part) {
    for (const std::size_t table : sharded_)
      values += wanted_of(owner, part, table).size() * tables_[table].dim;
  }
  return values;
}

std::size_t RowRequest::values_asked_by(int asker) const {
  std::size_t values = 0;
  for (std::size_t part = 0; part < parts(asker); ++part) {
    for (const std::size_t table : sharded_)
      values += asked_by(asker, part, table).size() * tables_[table].dim;
  }
  return values;
}

}  // namespace gemel::exchange
