#include "ingest/user_history.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/synthetic.hpp"
#include "mpi/agreement.hpp"
#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

std::vector<std::int32_t> items_of(const UserHistory& history, std::int32_t user) {
  const auto items = history.items(user);
  return {items.begin(), items.end()};
}

TEST(NumberUsers, FollowsTheOrderOfHashes) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"ann", "bob", "ann", "eve", "dan", "bob", "ann", "zoe", "", "eve"};
  std::vector<std::string> sorted(all);
  std::ranges::sort(sorted, {}, [](const std::string& text) { return std::pair(hash_of(text), text); });
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  const auto own = block_of(all, world);
  const UserNumbers users = number_users(make_column(own), world);
  EXPECT_EQ(users.users, 6);
  EXPECT_EQ(users.numbers.size(), own.size());
  for (std::size_t i = 0; i < std::min(own.size(), users.numbers.size()); ++i)
    EXPECT_EQ(sorted.at(static_cast<std::size_t>(users.numbers[i])), own[i]);
}

TEST(UserHistoryTest, HasEachItemOfAUserOnceInOrder) {
  auto world = mpi::Communicator::world();
  const std::vector<std::int32_t> users = {2, 0, 2, 2, 4, 0, 2, 0, 2};
  const std::vector<std::int32_t> items = {7, 5, 3, 7, 0, 9, 8, 5, 3};
  const auto own_users = block_of(users, world);
  const auto own_items = block_of(items, world);
  const UserHistory history(6, own_users, own_items, world);
  EXPECT_EQ(history.users(), 6);
  EXPECT_EQ(items_of(history, 0), (std::vector<std::int32_t>{5, 9}));
  EXPECT_EQ(items_of(history, 1), (std::vector<std::int32_t>{}));
  EXPECT_EQ(items_of(history, 2), (std::vector<std::int32_t>{3, 7, 8}));
  EXPECT_EQ(items_of(history, 3), (std::vector<std::int32_t>{}));
  EXPECT_EQ(items_of(history, 4), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(items_of(history, 5), (std::vector<std::int32_t>{}));
  EXPECT_TRUE(history.contains(2, 8));
  EXPECT_FALSE(history.contains(2, 9));
  EXPECT_FALSE(history.contains(1, 0));
  const auto some = history.items(2, 7, 8);
  EXPECT_EQ(std::vector<std::int32_t>(some.begin(), some.end()), (std::vector<std::int32_t>{7}));
  EXPECT_EQ(history.items(2, 0, 100).size(), 3U);
  EXPECT_TRUE(history.items(2, 4, 7).empty());
  EXPECT_TRUE(history.items(1, 0, 100).empty());
}

TEST(UserHistoryTest, IsThatOfOneRank) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = synthesize({}, world);
  const Dataset whole = synthesize({}, self);
  const UserNumbers users = number_users(part.interactions.strings.at("user_id"), world);
  const UserHistory history(users.users, users.numbers, part.item_rows, world);

  std::map<std::string_view, std::set<std::int32_t>> truth;
  for (std::size_t i = 0; i < whole.item_rows.size(); ++i)
    truth[whole.interactions.strings.at("user_id")[i]].insert(whole.item_rows[i]);
  EXPECT_EQ(users.users, static_cast<std::int64_t>(truth.size()));
  std::int64_t pairs = 0;
  for (std::size_t i = 0; i < part.item_rows.size(); ++i) {
    const auto& expected = truth[part.interactions.strings.at("user_id")[i]];
    EXPECT_TRUE(std::ranges::equal(history.items(users.numbers[i]), expected));
  }
  for (std::int32_t user = 0; user < users.users; ++user)
    pairs += static_cast<std::int64_t>(history.items(user).size());
  std::int64_t expected_pairs = 0;
  for (const auto& [user, items] : truth) expected_pairs += static_cast<std::int64_t>(items.size());
  EXPECT_EQ(pairs, expected_pairs);
}

TEST(UserHistoryTest, WorksWithoutUsers) {
  auto world = mpi::Communicator::world();
  EXPECT_EQ(number_users(StringColumn(), world).users, 0);
  EXPECT_EQ(UserHistory(0, {}, {}, world).users(), 0);
}

TEST(UserHistoryTest, IsRefusedBeforeItTakesMoreMemoryThanThereIs) {
  auto world = mpi::Communicator::world();
  try {
    const UserHistory history(std::int64_t{1} << 56, {}, {}, world);
    FAIL() << "there is memory for 2^56 users";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_NE(std::string(error.what()).find("do without --exclude-seen"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace gemel::ingest
