#include "ingest/history_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "exchange/placement.hpp"
#include "ingest/vocabulary_file.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// Writes values that every rank has, of which each writes its block.
template <class T>
void write_blocks(checkpoint::CheckpointWriter& writer, const std::string& path, std::span<const T> all,
                  const exchange::RowRange& block) {
  const auto own = all.subspan(static_cast<std::size_t>(block.first), static_cast<std::size_t>(block.size()));
  const std::vector<std::int64_t> values(own.begin(), own.end());
  writer.write_rows(path, all.size(), static_cast<std::size_t>(block.first),
                    std::span<const std::int64_t>(values));
}

/// Whether `first` are the places where the items of each user begin, and each user's items are rows of the catalogue, ascending.
bool is_history(std::span<const std::int64_t> first, std::span<const std::int64_t> items,
                std::int64_t catalogue_items) {
  if (first.empty() || first.front() != 0 || first.back() != static_cast<std::int64_t>(items.size()) ||
      !std::ranges::is_sorted(first))
    return false;
  for (std::size_t user = 0; user + 1 < first.size(); ++user) {
    const auto own = items.subspan(static_cast<std::size_t>(first[user]),
                                   static_cast<std::size_t>(first[user + 1] - first[user]));
    if (std::ranges::adjacent_find(own, std::greater_equal<>()) != own.end()) return false;
    if (!own.empty() && (own.front() < 0 || own.back() >= catalogue_items)) return false;
  }
  return true;
}

}  // namespace

void write_history(checkpoint::CheckpointWriter& writer, const HistoryView& history) {
  const mpi::Communicator& communicator = writer.communicator();
  const auto own_block = [&](std::size_t rows) {
    return exchange::RowBlocks(static_cast<std::int64_t>(rows), communicator.size())
        .block(communicator.rank());
  };
  write_vocabulary(writer, "/users/id", history.users);
  const std::span<const std::size_t> starts = history.items.starts();
  write_blocks(writer, "/users/first", starts, own_block(starts.size()));
  const std::span<const std::int32_t> items = history.items.items();
  write_blocks(writer, "/users/item", items, own_block(items.size()));
}

bool has_history(checkpoint::CheckpointReader& reader) {
  return reader.has("/users/item");
}

StoredHistory read_history(checkpoint::CheckpointReader& reader, std::int64_t catalogue_items) {
  const auto numbers = reader.shape("/users/first").rows + reader.shape("/users/item").rows;
  mpi::require_memory(20.0 * static_cast<double>(numbers),
                      "the items of the checkpoint's users, on every rank", "give --keep-seen",
                      reader.communicator());
  VocabularyBlock users = read_vocabulary(reader, "/users/id");
  const auto first = reader.read_vector<std::int64_t>("/users/first");
  const auto items = reader.read_vector<std::int64_t>("/users/item");
  if (static_cast<std::int64_t>(first.size()) != users.rows + 1 || !is_history(first, items, catalogue_items))
    reader.refuse(fmt::format("/users is no history of {} users; use another checkpoint", users.rows));
  return {std::move(users), UserHistory({first.begin(), first.end()}, {items.begin(), items.end()})};
}

}  // namespace gemel::ingest
