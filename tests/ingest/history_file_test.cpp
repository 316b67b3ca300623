#include "ingest/history_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

class HistoryFileTest : public testing::Test {
 protected:
  /// A checkpoint of nothing but a history, opened.
  checkpoint::CheckpointReader write(const std::vector<std::int64_t>& first,
                                     const std::vector<std::int64_t>& items) {
    path_ = directory_ / fmt::format("checkpoint-{}.h5", ++files_);
    checkpoint::CheckpointWriter writer(path_, world_);
    const auto add = [&](const char* path, const auto& all) {
      const exchange::RowBlocks blocks(static_cast<std::int64_t>(all.size()), world_.size());
      const auto own = block_of(all, world_);
      const auto start =
          all.size() * static_cast<std::size_t>(world_.rank()) / static_cast<std::size_t>(world_.size());
      writer.write_rows(path, all.size(), start, std::span(std::as_const(own)));
    };
    add("/users/id", users_);
    add("/users/first", first);
    add("/users/item", items);
    writer.commit();
    return {path_, world_};
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "checkpoint.h5";
  int files_ = 0;
  const std::vector<std::string> users_ = {"ann", "bob", "eve"};
};

TEST_F(HistoryFileTest, ReadsWhatItWrites) {
  const std::vector<std::int32_t> of_user = {0, 2, 2, 0, 2};
  const std::vector<std::int32_t> items = {4, 1, 3, 0, 1};
  const UserHistory history(3, block_of(of_user, world_), block_of(items, world_), world_);
  const VocabularyBlock ids = own_block(make_column(users_), world_);
  {
    checkpoint::CheckpointWriter writer(path_, world_);
    write_history(writer, {ids, history});
    writer.commit();
  }
  checkpoint::CheckpointReader reader(path_, world_);
  ASSERT_TRUE(has_history(reader));
  EXPECT_EQ(reader.read_vector<std::int64_t>("/users/first"), (std::vector<std::int64_t>{0, 2, 2, 4}));
  EXPECT_EQ(reader.read_vector<std::int64_t>("/users/item"), (std::vector<std::int64_t>{0, 4, 1, 3}));
  const StoredHistory stored = read_history(reader, 5);
  EXPECT_EQ(whole(stored.users, world_), users_);
  for (std::int32_t user = 0; user < 3; ++user) {
    const auto expected = history.items(user);
    const auto found = stored.items.items(user);
    EXPECT_TRUE(std::ranges::equal(found, expected)) << user;
  }
}

TEST_F(HistoryFileTest, RefusesWhatIsNoHistory) {
  const std::vector<std::int64_t> items = {0, 4, 1, 3};
  const auto code_of = [&](const std::vector<std::int64_t>& first, const std::vector<std::int64_t>& of_users,
                           std::int64_t catalogue) {
    auto reader = write(first, of_users);
    return failure_of([&] { read_history(reader, catalogue); }).code;
  };
  EXPECT_EQ(code_of({0, 2, 2, 4}, items, 4), base::ExitCode::checkpoint) << "an item beyond the catalogue";
  EXPECT_EQ(code_of({0, 2, 4}, items, 5), base::ExitCode::checkpoint) << "too few users";
  EXPECT_EQ(code_of({0, 2, 2, 5}, items, 5), base::ExitCode::checkpoint) << "more items than there are";
  EXPECT_EQ(code_of({1, 2, 2, 4}, items, 5), base::ExitCode::checkpoint) << "begins late";
  EXPECT_EQ(code_of({0, 3, 2, 4}, items, 5), base::ExitCode::checkpoint) << "goes back";
  EXPECT_EQ(code_of({0, 2, 2, 4}, {4, 0, 1, 3}, 5), base::ExitCode::checkpoint) << "items that descend";
  EXPECT_EQ(code_of({0, 2, 2, 4}, {4, 4, 1, 3}, 5), base::ExitCode::checkpoint) << "an item twice";
  EXPECT_EQ(code_of({0, 2, 2, 4}, {-1, 4, 1, 3}, 5), base::ExitCode::checkpoint) << "a negative row";
}

}  // namespace
}  // namespace gemel::ingest
