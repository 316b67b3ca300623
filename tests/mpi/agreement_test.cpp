#include "mpi/agreement.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gemel::mpi {
namespace {

TEST(Agree, DoesNothingWhenAllIsWell) {
  auto world = Communicator::world();
  int calls = 0;
  EXPECT_NO_THROW(agree(world, [&] { ++calls; }));
  EXPECT_EQ(calls, 1);
}

TEST(Agree, AFailureOfOneRankIsThrownByAll) {
  auto world = Communicator::world();
  const int failing = world.size() - 1;
  try {
    agree(world, [&] {
      if (world.rank() == failing) throw base::DataError("rank " + std::to_string(failing) + " has no data");
    });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::data);
    EXPECT_EQ(std::string(error.what()), "rank " + std::to_string(failing) + " has no data");
  }
}

TEST(Agree, OfSeveralFailuresTheLowestRankIsHeard) {
  auto world = Communicator::world();
  try {
    agree(world, [&] { throw std::runtime_error("rank " + std::to_string(world.rank())); });
    ADD_FAILURE() << "nothing was thrown";
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::internal);
    EXPECT_STREQ(error.what(), "rank 0");
  }
}

}  // namespace
}  // namespace gemel::mpi
