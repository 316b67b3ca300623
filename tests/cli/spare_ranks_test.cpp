#include "cli/spare_ranks.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::cli {
namespace {

class SpareRanksTest : public testing::Test {
 protected:
  /// How many ranks work, told to all.
  std::int64_t working(SpareRanks spare, std::int64_t most, int exit_code) {
    std::int64_t works = 0;
    const int code = on_working_ranks(world_, spare, most, [&](mpi::Communicator& alike) {
      works = 1;
      EXPECT_EQ(alike.sum(std::int64_t{1}), alike.size());
      EXPECT_EQ(alike.is_root(), world_.is_root());
      return exit_code;
    });
    EXPECT_EQ(code, exit_code);
    return world_.sum(works);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
};

TEST_F(SpareRanksTest, AllWorkWhereTheyAreToldTo) {
  EXPECT_EQ(working(SpareRanks::work, 1, 0), world_.size());
}

TEST_F(SpareRanksTest, NoMoreWorkThanThereAreLanes) {
  EXPECT_EQ(working(SpareRanks::rest, 1, 0), 1);
}

TEST_F(SpareRanksTest, ThoseWhoRestHaveTheExitCodeOfThoseWhoWork) {
  EXPECT_EQ(working(SpareRanks::rest, 1, 6), 1);
}

TEST_F(SpareRanksTest, AnErrorOfThoseWhoWorkIsThrownByThemAndIsTheCodeOfAll) {
  bool has_thrown = false;
  int code = 0;
  try {
    code = on_working_ranks(world_, SpareRanks::rest, 1, [](mpi::Communicator&) -> int {
      throw mpi::AgreedError(base::ExitCode::data, "no data");
    });
  } catch (const mpi::AgreedError& error) {
    has_thrown = true;
    code = static_cast<int>(error.code());
  }
  EXPECT_EQ(has_thrown, world_.is_root());
  EXPECT_EQ(code, static_cast<int>(base::ExitCode::data));
}

}  // namespace
}  // namespace gemel::cli
