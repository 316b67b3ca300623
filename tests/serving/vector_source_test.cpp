#include "serving/vector_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::serving {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Le;

/// Rank r has 3r rows: none on root. Row i of all has the id, label and count i, and the vector (i, -i).
class Numbers final : public VectorSource {
 public:
  explicit Numbers(mpi::Communicator& world)
      : VectorSource({.noun = "number", .rows = world.sum(3 * world.rank()), .dim = 2, .has_labels = true},
                     static_cast<std::size_t>(3 * world.rank())),
        first_(world.sum_before(3 * world.rank())) {}

  VectorRows own(std::size_t first, std::size_t count) override {
    VectorRows rows;
    rows.vectors.resize(count, 2);
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t number = first_ + static_cast<std::int64_t>(first + i);
      rows.ids.push_back(std::to_string(number));
      rows.labels.push_back("number " + std::to_string(number));
      rows.counts.push_back(number);
      rows.vectors(i, 0) = static_cast<float>(number);
      rows.vectors(i, 1) = -rows.vectors(i, 0);
    }
    return rows;
  }

 private:
  std::int64_t first_;
};

TEST(ForEachPiece, BringsAllRowsToRootInOrder) {
  auto world = mpi::Communicator::world();
  Numbers source(world);
  std::int64_t next = 0;
  std::vector<std::size_t> sizes;
  for_each_piece(source, 2, world, [&](const VectorRows& rows) {
    EXPECT_EQ(rows.first, next);
    ASSERT_EQ(rows.labels.size(), rows.size());
    sizes.push_back(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i, ++next) {
      EXPECT_EQ(rows.ids[i], std::to_string(next));
      EXPECT_EQ(rows.labels[i], "number " + std::to_string(next));
      EXPECT_EQ(rows.counts.at(i), next);
      EXPECT_THAT(rows.vectors.row(i), ElementsAre(next, -next));
    }
  });
  EXPECT_EQ(next, world.is_root() ? source.table().rows : 0);
  EXPECT_THAT(sizes, Each(Le(2U)));
}

TEST(ForEachPiece, AllRanksLearnWhatFailsOnRoot) {
  auto world = mpi::Communicator::world();
  if (world.size() == 1) GTEST_SKIP() << "one rank has no rows";
  Numbers source(world);
  int calls = 0;
  try {
    for_each_piece(source, 2, world, [&](const VectorRows&) {
      if (++calls == 2) throw base::OutputError("the disk is full");
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::output);
    EXPECT_STREQ(error.what(), "the disk is full");
  }
  EXPECT_EQ(calls, world.is_root() ? 2 : 0);
}

TEST(RowsOfPiece, AreWholeBlocksOfTheEmbedder) {
  EXPECT_EQ(rows_of_piece(64), 16384U);
  EXPECT_EQ(rows_of_piece(100) % 256, 0U);
  EXPECT_EQ(rows_of_piece(1 << 20), 256U);
}

}  // namespace
}  // namespace gemel::serving
