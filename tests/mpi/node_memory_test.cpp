#include "mpi/node_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "mpi/agreement.hpp"

namespace gemel::mpi {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// What is said when this rank is about to take so many bytes; "nothing" where that is allowed.
std::string refusal(double bytes, Communicator& communicator) {
  try {
    require_memory(bytes, "a thousand things", "take fewer things", communicator);
  } catch (const AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    return error.what();
  }
  return "nothing";
}

TEST(NodeMemoryTest, WhatFitsIsAllowed) {
  auto world = Communicator::world();
  EXPECT_EQ(refusal(0, world), "nothing");
  EXPECT_EQ(refusal(1e6, world), "nothing");
  EXPECT_EQ(refusal(0.5 * memory_left(world), world), "nothing");
}

TEST(NodeMemoryTest, WhatIsTooMuchIsRefusedOnEveryRankWithTheRemedy) {
  auto world = Communicator::world();
  for (const double bytes : {1e17, 1e30}) {
    EXPECT_THAT(refusal(bytes, world),
                AllOf(StartsWith("not enough memory for a thousand things: "),
                      HasSubstr(" left. Start ranks "), EndsWith(" or take fewer things")));
  }
}

TEST(NodeMemoryTest, TheRanksOfANodeShareItsMemory) {
  auto world = Communicator::world();
  const double all = memory_left(world) * world.size();  // these ranks are on one node
  EXPECT_NEAR(all, static_cast<double>(base::available_memory()), 0.3 * all);
  EXPECT_EQ(refusal(world.is_root() ? 0.5 * all : 0, world), "nothing");
  EXPECT_NE(refusal(1.5 * all / world.size(), world), "nothing");
  EXPECT_NE(refusal(world.is_root() ? 1.5 * all : 0, world), "nothing");
}

}  // namespace
}  // namespace gemel::mpi
