#include "ingest/block_strings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"

namespace gemel::ingest {
namespace {

const std::vector<std::string> ids = {"50", "", "7", "Amélie", "100", "1", "unknown", "3", "x", "22", "8"};

class BlockStringsTest : public testing::Test {
 protected:
  mpi::Communicator world_ = mpi::Communicator::world();
  VocabularyBlock block_ = own_block(make_column(ids), world_);
};

TEST_F(BlockStringsTest, EveryRankGetsTheStringsItAsksFor) {
  // Rank r asks for r rows, backwards from the last one, some of them twice.
  std::vector<std::int64_t> rows;
  std::vector<std::string> expected;
  for (int i = 0; i < world_.rank() * 2; ++i) {
    rows.push_back((2 * static_cast<std::int64_t>(ids.size()) - 1 - i) %
                   static_cast<std::int64_t>(ids.size()));
    expected.push_back(ids[static_cast<std::size_t>(rows.back())]);
  }
  EXPECT_EQ(strings_at(block_, rows, world_).texts(), expected);
}

TEST_F(BlockStringsTest, EveryRankGetsTheRowsOfWhatItAsksFor) {
  const IdDirectory directory(block_, world_, "ids");
  EXPECT_EQ(directory.rows(), static_cast<std::int64_t>(ids.size()));
  std::vector<std::string> asked = {"no such id", ids[0], "x", "x"};
  std::vector<std::int64_t> expected = {IdDirectory::no_row, 0, 8, 8};
  if (world_.rank() % 2 == 1) {
    asked = {"", "8"};
    expected = {1, 10};
  }
  EXPECT_EQ(directory.rows_of(make_column(asked), world_), expected);
}

TEST_F(BlockStringsTest, AListWithAnIdTwiceIsRefused) {
  std::vector<std::string> twice = ids;
  twice.back() = twice.front();
  const VocabularyBlock block = own_block(make_column(twice), world_);
  EXPECT_EQ(failure_of([&] { IdDirectory(block, world_, "ids"); }).code, base::ExitCode::checkpoint);
}

}  // namespace
}  // namespace gemel::ingest
