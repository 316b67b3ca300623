#include "serving/user_items.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <tuple>

#include "ingest/block_strings.hpp"
#include "serving/query_source.hpp"

namespace gemel::serving {
namespace {

/// One interaction, as ranks tell it to each other.
struct Event {
  std::int64_t rating = 0;
  std::int64_t time = 0;
  std::int64_t item_row = 0;
};

std::vector<Event> events_of_user(const ingest::Dataset& dataset, std::string_view user,
                                  mpi::Communicator& communicator) {
  const ingest::Columns& interactions = dataset.interactions;
  const ingest::TextColumn& users = interactions.strings.at(user_column);
  const auto value = [&](const char* column, std::size_t row) {
    const auto numbers = interactions.numbers.find(column);
    return numbers == interactions.numbers.end() ? 0 : numbers->second[row];
  };
  std::vector<Event> mine;
  for (std::size_t row = 0; row < users.size(); ++row) {
    if (users[row] != user) continue;
    mine.push_back({value("rating", row), value(time_column, row), dataset.item_rows[row]});
  }
  return communicator.all_gather_varying(std::span<const Event>(mine));
}

}  // namespace

UserItems items_of_user(const ingest::Dataset& dataset, std::string_view user, std::size_t most,
                        mpi::Communicator& communicator) {
  std::vector<Event> events = events_of_user(dataset, user, communicator);
  UserItems items;
  items.interactions = std::ssize(events);
  std::ranges::sort(events, [](const Event& one, const Event& other) {
    return std::tuple(-one.rating, -one.time, one.item_row) <
           std::tuple(-other.rating, -other.time, other.item_row);
  });
  std::set<std::int64_t> shown;
  std::erase_if(events, [&](const Event& event) {
    return shown.size() == most || !shown.insert(event.item_row).second;
  });
  std::vector<std::int64_t> rows;
  for (const Event& event : events) rows.push_back(event.item_row);
  const auto texts = [&](const std::string& column) {
    return ingest::strings_at(
        {dataset.catalogue_total, dataset.catalogue_first, dataset.catalogue.strings.at(column).rows()}, rows,
        communicator);
  };
  const ingest::StringColumn ids = texts("item_id");
  const ingest::StringColumn labels = dataset.catalogue.strings.contains("title") ? texts("title") : ids;
  const bool is_rated = dataset.interactions.numbers.contains("rating");
  for (std::size_t i = 0; i < events.size(); ++i) {
    items.best.push_back({std::string(ids[i]), std::string(labels[i]),
                          is_rated ? std::optional(events[i].rating) : std::nullopt});
  }
  return items;
}

}  // namespace gemel::serving
