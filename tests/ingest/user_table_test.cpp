#include "ingest/user_table.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "ingest/given_files.hpp"
#include "ingest/string_exchange.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class UserTableTest : public testing::Test {
 protected:
  /// Interactions of users u0 to u9, and what `users` tells of them.
  Dataset read(const std::string& users, const std::vector<std::string>& wanted) {
    std::string interactions = "user,item\n";
    for (int i = 0; i < 40; ++i) interactions += fmt::format("u{},i{}\n", i * 7 % 10, i % 4);
    GivenFiles files;
    files.ratings = {directory_.write("ratings", interactions).string()};
    files.users = directory_.write("users", users).string();
    files.bad_lines = bad_lines_;
    return read_given_files(files, {.names = wanted}, world_);
  }
  std::string error_of(const std::string& users) {
    const Failure failure = failure_of([&] { read(users, {"age"}); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    const std::size_t at = failure.message.find("users");
    return failure.message.substr(at == std::string::npos ? 0 : at);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  BadLines bad_lines_ = BadLines::fail;
};

std::string all_users() {
  std::string users = "age,uid,country\n";
  for (int user = 9; user >= 0; --user) users += fmt::format("{},u{},\"c,{}\"\n", 20 + user, user, user % 3);
  return users;
}

TEST_F(UserTableTest, FieldsInQuotesMayHaveLineEnds) {
  std::string users = "uid,about,age\n";
  for (int user = 9; user >= 0; --user) users += fmt::format("u{},\"a\n\"\"b\"\",\n\",{}\n", user, 20 + user);
  const Columns columns = read(users, {"about", "age"}).interactions;
  for (std::size_t i = 0; i < columns.rows; ++i) {
    EXPECT_EQ(columns.strings.at("about")[i], "a \"b\", ");
    EXPECT_EQ(fmt::format("u{}", columns.numbers.at("age")[i] - 20), columns.strings.at("user_id")[i]);
  }
}

TEST_F(UserTableTest, EveryInteractionHasWhatItsUserHas) {
  const Dataset dataset = read(all_users() + "99,stranger,x\n", {"age", "country"});
  const Columns& columns = dataset.interactions;
  const auto countries = all_gather_strings(columns.strings.at("country").rows(), world_).texts();
  const auto ages = world_.all_gather_varying(std::span<const std::int64_t>(columns.numbers.at("age")));
  ASSERT_EQ(countries.size(), 40);
  for (int i = 0; i < 40; ++i) {
    const int user = i * 7 % 10;
    EXPECT_EQ(ages[static_cast<std::size_t>(i)], 20 + user);
    EXPECT_EQ(countries[static_cast<std::size_t>(i)], fmt::format("c,{}", user % 3));
  }
}

TEST_F(UserTableTest, ReadsOnlyWhatIsWanted) {
  const Dataset one = read(all_users(), {"age"});
  EXPECT_THAT(one.interactions.unread, ElementsAre("country"));
  EXPECT_FALSE(one.interactions.has("country"));
  const Dataset none = read("uid,age\nu0,1\n", {});  // not all users, which nobody needs
  EXPECT_NE(none.content_hash, one.content_hash);
}

TEST_F(UserTableTest, ReadsJsonLines) {
  std::string users;
  for (int user = 0; user < 10; ++user)
    users += fmt::format("{{\"name\":\"x\",\"uid\":\"u{}\",\"age\":{},\"home\":{{\"age\":7}}}}\n", user,
                         20 + user);
  const Dataset dataset = read(users, {"age"});
  const auto ages =
      world_.all_gather_varying(std::span<const std::int64_t>(dataset.interactions.numbers.at("age")));
  ASSERT_EQ(ages.size(), 40);
  for (int i = 0; i < 40; ++i) EXPECT_EQ(ages[static_cast<std::size_t>(i)], 20 + i * 7 % 10);
  EXPECT_THAT(dataset.interactions.unread, ElementsAre("name"));
}

TEST_F(UserTableTest, SkipsBadLinesWhereThatIsAsked) {
  bad_lines_ = BadLines::skip;
  const Dataset dataset = read(all_users() + "7,\n5\n", {"age"});
  EXPECT_EQ(dataset.total, 40);
}

TEST_F(UserTableTest, AnswersForAnyUsersOfTheFile) {
  const UsersFile file{directory_.write("users", "uid,age,zip\nu1,31,007\nu2,32,8\nu3,33,9\n"), {}, "uid"};
  const UserTable table(file, {.names = {"zip", "age"}}, BadLines::fail, world_);
  EXPECT_THAT(table.columns(), ElementsAre("age", "zip"));
  // Each rank asks for others, and the last one for none where there are several.
  TextColumn users;
  if (world_.size() == 1 || world_.rank() + 1 < world_.size())
    users = make_column({world_.is_root() ? "u3" : "u2", "u1", "u3"});
  const std::vector<TextColumn> columns = table.of_users(users, "here", "Add them", world_);
  ASSERT_EQ(columns.size(), 2);
  if (users.size() > 0) {
    EXPECT_THAT(columns[0].rows().texts(), ElementsAre(world_.is_root() ? "33" : "32", "31", "33"));
    EXPECT_THAT(columns[1].rows().texts(), ElementsAre(world_.is_root() ? "9" : "8", "007", "9"));
  }
  const Failure failure = failure_of([&] {
    table.of_users(make_column({"u1", "x"}), "here", "Add them", world_);
  });
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message, HasSubstr("users here are not in this file, such as 'x'. Add them"));
}

TEST_F(UserTableTest, SaysWhatIsWrong) {
  EXPECT_THAT(error_of("who,age\nu0,1\n"), StartsWith("users: the first line names no column of user ids"));
  EXPECT_THAT(error_of("uid,age\nu0,1\n"),
              AllOf(StartsWith("users: users of the interactions are not in this file, such as 'u"),
                    HasSubstr("Add a line for each")));
  EXPECT_THAT(error_of("uid,age\nu0\n"), StartsWith("users:2:1: 'u0': expected 2 fields (uid, age), not 1"));
  EXPECT_THAT(error_of("uid,age\n,3\n"), HasSubstr("expected a user id"));
  EXPECT_THAT(error_of(all_users() + "7,u3,x\n"),
              StartsWith("users:12:1: 'u3': expected a user id of its own; line 8 has the same"));
  EXPECT_THAT(error_of(""), StartsWith("users: this file is empty"));
  EXPECT_THAT(error_of("uid,age\n"), StartsWith("users: there are no users below the first line"));
  EXPECT_THAT(error_of("uid,age\n" + std::string(4097, 'u') + ",3\n"),
              HasSubstr("a user id of at most 4096"));
  GivenFiles files;
  files.ratings = {directory_.write("rated", "user,item,rating\nu0,a,3\n").string()};
  files.users = directory_.write("users", "uid,rating\nu0,5\n").string();
  const Failure twice = failure_of([&] { read_given_files(files, {.names = {"rating"}}, world_); });
  EXPECT_EQ(twice.code, base::ExitCode::usage);
  EXPECT_THAT(twice.message, HasSubstr("its column 'rating' is one of the interactions, too"));
}

}  // namespace
}  // namespace gemel::ingest
