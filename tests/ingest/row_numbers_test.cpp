#include "ingest/row_numbers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "step/epoch_deal.hpp"

namespace gemel::ingest {
namespace {

using testing::HasSubstr;

constexpr std::size_t most = 2147483647;

std::string refusal(std::size_t rows, mpi::Communicator& communicator) {
  try {
    require_numbers(rows, "examples", communicator);
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    return error.what();
  }
  return "nothing";
}

TEST(RowNumbersTest, AreRefusedBeforeTheyWrap) {
  auto world = mpi::Communicator::world();
  EXPECT_EQ(refusal(0, world), "nothing");
  EXPECT_EQ(refusal(most, world), "nothing");
  // That of one rank is too much for all of them.
  const bool is_last = world.rank() == world.size() - 1;
  EXPECT_THAT(refusal(is_last ? most + 1 : 0, world), HasSubstr("a rank has 2147483648 examples, and can"));
  EXPECT_THAT(refusal(3 * most, world), HasSubstr("; start " + std::to_string(4 * world.size()) + " ranks"));
}

TEST(RowNumbersTest, AreRefusedWhereAnEpochIsDealt) {
  auto world = mpi::Communicator::world();
  constexpr int lanes = 8;
  if (world.size() > lanes) return;
  const exchange::LaneLayout layout(lanes, world.size(), world.rank());
  const auto deal = [&](std::int64_t examples_of_a_rank) {
    const step::EpochDeal is_made(layout, world, {}, {}, examples_of_a_rank * world.size(), 2048, 1);
  };
  EXPECT_NO_THROW(deal(std::int64_t{1} << 29));
  EXPECT_THROW(deal(std::int64_t{1} << 32), mpi::AgreedError);
}

}  // namespace
}  // namespace gemel::ingest
