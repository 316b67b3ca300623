#include "run/copies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "mpi/agreement.hpp"
#include "support/step_setting.hpp"

namespace gemel::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(RanksApart, AreThoseUnlikeMost) {
  const std::vector<std::uint64_t> hashes = {7, 7, 8, 7, 9};
  EXPECT_THAT(ranks_apart(hashes), ElementsAre(2, 4));
}

TEST(RanksApart, AreAllWhereNoneAreMost) {
  EXPECT_THAT(ranks_apart(std::vector<std::uint64_t>{7, 8}), ElementsAre(0, 1));
  EXPECT_THAT(ranks_apart(std::vector<std::uint64_t>{7, 7, 8, 8}), ElementsAre(0, 1, 2, 3));
}

class Copies : public testing::Test {
 protected:
  static TrainingOptions options() {
    TrainingOptions options;
    options.data.synthetic = {.users = 60, .items = 50, .interactions = 1500};
    options.batch_size = 256;
    options.placements = {"replicated", "user_id=sharded"};
    options.optimizer.weight_decay = 0.01F;  // rows that are due differ between ranks until they are settled
    options.optimizer.kind = OptimizerKind::adamw;
    return options;
  }
  Copies() {
    setting_.learner.deal.deal(0);
    setting_.run_epoch();
    setting_.learner.optimizer.settle_all();
  }
  void compare() {
    require_equal_copies(setting_.learner.model, setting_.learner.optimizer, 17, "run-001.h5",
                         setting_.world);
  }
  /// The lowest bit of a value changes on the last rank.
  void flip(float& value) {
    if (setting_.world.rank() != setting_.world.size() - 1) return;
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ 1U);
  }
  void expect_told(const std::string& path) {
    const int ranks = setting_.world.size();
    if (ranks == 1) {
      EXPECT_NO_THROW(compare());
      return;
    }
    try {
      compare();
      ADD_FAILURE() << "a flipped bit of " << path << " passes";
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::internal);
      EXPECT_THAT(error.what(), HasSubstr("the copies of " + path + " "));
      EXPECT_THAT(error.what(), HasSubstr("rank " + std::to_string(ranks - 1) + " on "));
      EXPECT_THAT(error.what(), HasSubstr("at step 17."));
      EXPECT_THAT(error.what(), HasSubstr("The last checkpoint is run-001.h5"));
      if (ranks > 2) {
        EXPECT_THAT(error.what(), testing::Not(HasSubstr("rank 0")));
      }
    }
  }

  test::StepSetting setting_{options()};
};

TEST_F(Copies, AreTheSameAfterSteps) {
  EXPECT_NO_THROW(compare());
}

TEST_F(Copies, AFlippedBitOfAKernelIsFound) {
  const auto& place = setting_.learner.model.dense().layout().place("query/dense_0/kernel");
  flip(place.in(setting_.learner.model.dense().values()).flat()[3]);
  expect_told("/query/dense_0/kernel");
}

TEST_F(Copies, AFlippedBitOfAReplicatedTableIsFound) {
  model::EmbeddingTable* const table = setting_.learner.model.tables().back();
  flip(table->weights().view().flat().back());
  expect_told("/" + table->name() + "/weights");
}

TEST_F(Copies, AFlippedBitOfAMomentIsFound) {
  flip(setting_.learner.optimizer.slots()[1].tables.back().view().flat()[0]);
  expect_told("/" + setting_.learner.model.tables().back()->name() + "/second_moment");
}

TEST_F(Copies, ShardsAreNotCompared) {
  for (model::EmbeddingTable* table : setting_.learner.model.tables())
    if (table->is_sharded()) flip(table->weights().view().flat()[0]);
  EXPECT_NO_THROW(compare());
}

}  // namespace
}  // namespace gemel::run
