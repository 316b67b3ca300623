#include "serving/seen_items.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"
#include "mpi/agreement.hpp"
#include "serving/catalogue_match.hpp"
#include "serving/query_source.hpp"

namespace gemel::serving {
namespace {

const ingest::TextColumn& users_of(const ingest::Dataset& dataset) {
  const auto ids = dataset.interactions.strings.find(user_column);
  if (ids != dataset.interactions.strings.end()) return ids->second;
  throw mpi::AgreedError(base::ExitCode::data,
                         fmt::format("{}: its interactions have no users (a text column {}), so it is "
                                     "unknown what users have seen; give --keep-seen",
                                     dataset.name, user_column));
}

ingest::UserHistory history_of(const ingest::Dataset& dataset, const ingest::VocabularyBlock& item_ids,
                               mpi::Communicator& communicator) {
  const ingest::UserNumbers users = ingest::number_users(users_of(dataset), communicator);
  const std::vector<std::int32_t> rows = match_items(item_ids, dataset, communicator);
  std::vector<std::int32_t> of_user;
  std::vector<std::int32_t> items;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) {
    const std::int32_t row = rows[static_cast<std::size_t>(dataset.item_rows[i])];
    if (row >= item_ids.rows) continue;
    of_user.push_back(users.numbers[i]);
    items.push_back(row);
  }
  const std::int64_t known = communicator.sum(static_cast<std::int64_t>(items.size()));
  if (known == 0) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("{}: none of its interactions is with an item of the model's catalogue; "
                    "give the data that the model was trained on",
                    dataset.name));
  }
  if (known < dataset.total) {
    spdlog::warn("{}: {} of {} interactions are with items that the model's catalogue does not have",
                 dataset.name, dataset.total - known, dataset.total);
  }
  return {users.users, of_user, items, communicator};
}

}  // namespace

SeenItems::SeenItems(ingest::StoredHistory history, mpi::Communicator& communicator)
    : users_(history.users, communicator, "/users/id"), items_(std::move(history.items)) {}

SeenItems::SeenItems(const ingest::Dataset& dataset, const ingest::VocabularyBlock& item_ids,
                     mpi::Communicator& communicator)
    : users_(ingest::distinct_strings(users_of(dataset)), communicator, "user_id"),
      items_(history_of(dataset, item_ids, communicator)) {}

std::vector<std::span<const std::int32_t>> SeenItems::items_of(const ingest::TextColumn& users,
                                                               mpi::Communicator& communicator) const {
  std::vector<std::span<const std::int32_t>> items;
  for (const std::int64_t user : users_.rows_of(users, communicator)) {
    if (user == ingest::IdDirectory::no_row) {
      items.emplace_back();
    } else {
      items.push_back(items_.items(static_cast<std::int32_t>(user)));
    }
  }
  return items;
}

}  // namespace gemel::serving
