#include "serving/user_items.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/placement.hpp"

namespace gemel::serving {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;

struct Event {
  const char* user;
  std::int32_t item;
  std::int64_t rating;
  std::int64_t time;
};

/// This rank's block of the interactions, and of items 100, 101, ...
ingest::Dataset make_dataset(const std::vector<Event>& events, std::int64_t items,
                             const mpi::Communicator& communicator) {
  ingest::Dataset dataset;
  const auto of_events = [&](std::int64_t rows) {
    return exchange::RowBlocks(rows, communicator.size()).block(communicator.rank());
  };
  const auto own = of_events(std::ssize(events));
  for (std::int64_t i = own.first; i < own.last; ++i) {
    const Event& event = events[static_cast<std::size_t>(i)];
    dataset.interactions.strings["user_id"].push_back(event.user);
    dataset.interactions.numbers["rating"].push_back(event.rating);
    dataset.interactions.numbers["timestamp"].push_back(event.time);
    dataset.item_rows.push_back(event.item);
  }
  dataset.interactions.strings["user_id"];
  dataset.interactions.numbers["rating"];
  dataset.interactions.numbers["timestamp"];
  const auto block = of_events(items);
  dataset.catalogue_first = block.first;
  dataset.catalogue_total = items;
  auto& ids = dataset.catalogue.strings["item_id"];
  for (std::int64_t item = block.first; item < block.last; ++item) ids.push_back(std::to_string(100 + item));
  return dataset;
}

TEST(UserItems, AreTheBestRatedOnesEachOnceTheLatestFirst) {
  auto world = mpi::Communicator::world();
  const std::vector<Event> events = {{"a", 0, 3, 9}, {"b", 1, 5, 1}, {"a", 2, 5, 1}, {"a", 3, 5, 2},
                                     {"a", 2, 5, 7}, {"a", 4, 4, 1}, {"a", 3, 1, 8}};
  const ingest::Dataset dataset = make_dataset(events, 5, world);
  const UserItems items = items_of_user(dataset, "a", 3, world);
  EXPECT_EQ(items.interactions, 6);
  EXPECT_THAT(items.best, ElementsAre(AllOf(Field(&UserItem::id, "102"), Field(&UserItem::rating, 5)),
                                      AllOf(Field(&UserItem::id, "103"), Field(&UserItem::rating, 5)),
                                      AllOf(Field(&UserItem::id, "104"), Field(&UserItem::rating, 4))));
  EXPECT_TRUE(items_of_user(dataset, "c", 3, world).best.empty());
}

}  // namespace
}  // namespace gemel::serving
