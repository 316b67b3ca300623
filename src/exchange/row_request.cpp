#include "exchange/row_request.hpp"

#include <algorithm>
#include <utility>

#include "exchange/message_kind.hpp"

namespace gemel::exchange {

RowRequest::RowRequest(mpi::Communicator& communicator, std::vector<ShardedTable> tables,
                       std::vector<std::size_t> parts_of_rank)
    : communicator_(communicator),
      tables_(std::move(tables)),
      parts_of_rank_(std::move(parts_of_rank)),
      wanted_(own_parts() * tables_.size()),
      messages_(parts_of_rank_.size()),
      asked_(parts_of_rank_.size()) {}

void RowRequest::start() {
  if (tables_.empty()) return;
  wanted_starts_.clear();
  next_.assign(wanted_.size(), 0);
  for (int owner = 0; owner < communicator_.size(); ++owner) {
    std::vector<std::int64_t>& message = messages_[static_cast<std::size_t>(owner)];
    message.assign(wanted_.size(), 0);
    for (std::size_t list = 0; list < wanted_.size(); ++list) {
      const std::vector<std::int64_t>& rows = wanted_[list];
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(next_[list]);
      const auto last =
          std::lower_bound(first, rows.end(), tables_[list % tables_.size()].blocks.block(owner).last);
      wanted_starts_.push_back(next_[list]);
      next_[list] = static_cast<std::size_t>(last - rows.begin());
      message[list] = last - first;
      message.insert(message.end(), first, last);
    }
    if (owner == communicator_.rank()) continue;
    communicator_.start_message(owner, row_request, std::span<const std::int64_t>(message), pending_);
  }
}

void RowRequest::finish() {
  if (tables_.empty()) return;
  for (int asker = 0; asker < communicator_.size(); ++asker) {
    Asked& asked = asked_[static_cast<std::size_t>(asker)];
    asked.message.clear();
    if (asker == communicator_.rank()) {
      asked.message = messages_[static_cast<std::size_t>(asker)];
    } else {
      communicator_.receive_message(asker, row_request, asked.message);
    }
    asked.starts.clear();
    std::size_t start = parts(asker) * tables_.size();
    for (std::size_t list = 0; list < parts(asker) * tables_.size(); ++list) {
      asked.starts.push_back(start);
      start += static_cast<std::size_t>(asked.message[list]);
    }
  }
  pending_.wait();
}

std::span<const std::int64_t> RowRequest::wanted_of(int owner, std::size_t part, std::size_t table) const {
  const std::size_t list = part * tables_.size() + table;
  const auto place = static_cast<std::size_t>(owner);
  return std::span(wanted_[list])
      .subspan(wanted_starts_[place * wanted_.size() + list],
               static_cast<std::size_t>(messages_[place][list]));
}

std::span<const std::int64_t> RowRequest::asked_by(int asker, std::size_t part, std::size_t table) const {
  const std::size_t list = part * tables_.size() + table;
  const Asked& asked = asked_[static_cast<std::size_t>(asker)];
  return std::span(asked.message).subspan(asked.starts[list], static_cast<std::size_t>(asked.message[list]));
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
