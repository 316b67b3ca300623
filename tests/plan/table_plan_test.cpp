#include "plan/table_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::plan {
namespace {

using testing::HasSubstr;

class TablePlanTest : public testing::Test {
 protected:
  TablePlanTest() {
    options_.data.synthetic.interactions = 3000;
    data_ = ingest::prepare_data(options_, world_);
  }
  Plan plan(double program_bytes = 0) { return plan_tables(options_, data_, program_bytes, world_); }
  std::string refusal(double program_bytes = 0) {
    try {
      plan(program_bytes);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::usage);
      return error.what();
    }
    return "not refused";
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TrainingOptions options_;
  ingest::TrainingData data_;
};

TEST_F(TablePlanTest, PlacesTablesAsWished) {
  options_.placements = {"replicated", "user_id=sharded"};
  const Plan planned = plan();
  ASSERT_EQ(planned.tables.size(), 4U);
  for (const Plan::Table& table : planned.tables) {
    const bool is_user = table.shape.name.find("user_id") != std::string::npos;
    EXPECT_EQ(table.placement == exchange::Placement::sharded, is_user) << table.text();
    EXPECT_FALSE(table.was_chosen) << table.text();
  }
}

TEST_F(TablePlanTest, ChoosesPlacesWhereNobodyWishes) {
  for (const Plan::Table& table : plan().tables) {
    EXPECT_TRUE(table.was_chosen) << table.text();
    if (world_.size() > 1) continue;
    EXPECT_EQ(table.placement, exchange::Placement::replicated)
        << table.text();  // there is nobody to share it with
  }
}

TEST_F(TablePlanTest, RefusesWishesForTablesThatAreNotThere) {
  options_.placements = {"city=sharded"};
  EXPECT_THAT(refusal(), HasSubstr("city"));
}

TEST_F(TablePlanTest, RefusesMoreMemoryThanThereIsWithThePlan) {
  const std::string message = refusal(1e18);
  EXPECT_THAT(message, HasSubstr("a rank would need"));
  EXPECT_THAT(message, HasSubstr("user_id_lookup ["));
  EXPECT_THAT(message, HasSubstr("would not do"));  // no number of ranks makes the program itself smaller
}

}  // namespace
}  // namespace gemel::plan
