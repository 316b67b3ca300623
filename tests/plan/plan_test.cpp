#include "plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/error.hpp"
#include "plan/job_shape.hpp"
#include "step/training_step.hpp"
#include "support/step_setting.hpp"

namespace gemel::plan {
namespace {

using exchange::Placement;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TableShape table(const std::string& name, std::int64_t rows, std::size_t dim, double touched) {
  TableShape shape;
  shape.name = name;
  shape.feature = name.substr(name.rfind('/') + 1);
  shape.column = shape.feature.substr(0, shape.feature.rfind('_'));
  shape.rows = rows;
  shape.dim = dim;
  shape.row_bytes = 2.0 * 4 * static_cast<double>(dim);
  shape.touched = touched;
  return shape;
}

/// Round numbers; one table.
JobShape small_job(int ranks, double subtrees = 1) {
  JobShape job;
  job.ranks = ranks;
  job.lanes = 8;
  job.batch_size = 2400;
  job.train_examples = 24000;
  job.held_out_examples = 6000;
  job.candidates = 500;
  job.example_words = 3;
  job.dense_parameters = 300;
  job.dense_bytes = 8;
  job.vector_width = 2;
  job.columns = 96;
  job.subtrees = subtrees;
  job.most_top_k = 10;
  job.tables = {table("query/tables/user_id_lookup", 1000, 4, 12)};
  return job;
}

PlacementWishes wish(PlacementWish all) {
  PlacementWishes wishes;
  wishes.all = all;
  return wishes;
}
Plan plan_all(const JobShape& job, PlacementWish all) {
  return make_plan(job, wish(all));
}

/// deal, gather, lookup, share, reduce, dense, rows.
std::vector<double> bytes_of(const Plan& plan) {
  return {plan.step_bytes.begin(), plan.step_bytes.end() - 1};
}

TEST(PlanTest, ALoneRankSendsNothing) {
  for (const auto all : {PlacementWish::replicated, PlacementWish::sharded, PlacementWish::automatic}) {
    const Plan plan = plan_all(small_job(1), all);
    EXPECT_THAT(bytes_of(plan), ElementsAre(0, 0, 0, 0, 0, 0, 0));
    EXPECT_EQ(plan.tables[0].memory, 1000 * 32);
    EXPECT_EQ(plan.tables[0].sent, 0);
  }
}

// An example is 3 features, an item and a place of 8 bytes: 24 bytes. Row numbers and counts have 8 bytes, a row 16. 96 columns of 2
// floats are 768 bytes, 300 dense parameters 1200.
TEST(PlanTest, TwoRanksByHand) {
  // 1200 examples of a batch, half of them to the other rank; their items and a word of flags.
  const Plan replicated = plan_all(small_job(2), PlacementWish::replicated);
  EXPECT_THAT(bytes_of(replicated), ElementsAre(12000, 4804, 0, 384, 384, 1200, 12 * 24 + 8));
  EXPECT_EQ(replicated.tables[0].memory, 32000);
  EXPECT_EQ(replicated.tables[0].sent, 288);
  const Plan sharded = plan_all(small_job(2), PlacementWish::sharded);
  EXPECT_THAT(bytes_of(sharded), ElementsAre(12000, 4804, 12 * 24 / 2 + 8, 384, 384, 1200, 12 * 16 / 2));
  EXPECT_EQ(sharded.tables[0].memory, 16000);
  EXPECT_EQ(sharded.tables[0].sent, 144 + 96);
}

TEST(PlanTest, FourRanksByHand) {
  const Plan replicated = plan_all(small_job(4), PlacementWish::replicated);
  EXPECT_THAT(bytes_of(replicated), ElementsAre(9000, 3 * 2404, 0, 576, 576, 2400, 3 * (12 * 24 + 8)));
  const Plan sharded = plan_all(small_job(4), PlacementWish::sharded);
  EXPECT_THAT(bytes_of(sharded),
              ElementsAre(9000, 3 * 2404, 12 * 24 * 3 / 4 + 3 * 8, 576, 576, 2400, 12 * 16 * 3 / 4));
  EXPECT_EQ(sharded.tables[0].memory, 250 * 32);
}

// No power of two, so no recursive doubling: what a rank sums are two subtrees, and each goes to the segment's owner.
TEST(PlanTest, ThreeRanksOfTwoSubtreesByHand) {
  const Plan replicated = plan_all(small_job(3, 2), PlacementWish::replicated);
  EXPECT_THAT(bytes_of(replicated), ElementsAre(800.0 * 20 * 2 / 3, 2 * 3204, 0, 512, 2 * 512,
                                                (2 + 1) * 1200 * 2 / 3, 2 * (12 * 24 + 2 * 8)));
  const Plan sharded = plan_all(small_job(3, 2), PlacementWish::sharded);
  EXPECT_THAT(bytes_of(sharded), ElementsAre(800.0 * 20 * 2 / 3, 2 * 3204, 12 * 24 * 2 / 3 + 2 * 2 * 8, 512,
                                             2 * 512, 2400, 12 * 16 * 2 / 3));
  EXPECT_EQ(sharded.tables[0].memory, 334 * 32);
}

TEST(PlanTest, UsersTravelWithTheExamplesThatAreMaskedByThem) {
  JobShape job = small_job(2);
  job.users = 100;
  job.keeps_seen = true;
  job.most_top_k = 0;
  const auto memory = [&](const std::string& of) {
    const Plan plan = plan_all(job, PlacementWish::replicated);
    return std::ranges::find(plan.memory, of, &std::pair<std::string, double>::first)->second;
  };
  EXPECT_EQ(memory("users and their items"), 15000 * 4 + 24000 * 4 + 100 * 8);
  const double examples = memory("examples");
  const double bytes = plan_all(job, PlacementWish::replicated).step_bytes[0];
  job.user_words = 1;
  EXPECT_EQ(memory("users and their items"), 3000 * 4 + 24000 * 4 + 100 * 8);
  EXPECT_EQ(memory("examples"), examples + 12000 * 4 * 4);  // stored, dealt, leaving and coming
  EXPECT_EQ(plan_all(job, PlacementWish::replicated).step_bytes[0], bytes + 1200 * 4 / 2);
}

TEST(PlanTest, ALargeDenseBufferGoesBySegments) {
  JobShape job = small_job(4);
  job.dense_parameters = 100'000;
  EXPECT_EQ(plan_all(job, PlacementWish::replicated).step_bytes[5], 2 * 400'000 * 3 / 4);
}

TEST(PlanTest, MixedTablesAddUp) {
  JobShape job = small_job(4);
  job.tables.push_back(table("candidate/tables/title_lookup", 7, 10, 3));
  PlacementWishes wishes = wish(PlacementWish::replicated);
  wishes.by_table["candidate/tables/title_lookup"] = PlacementWish::sharded;
  const Plan plan = make_plan(job, wishes);
  EXPECT_EQ(plan.step_bytes[2], 3 * 48 * 3 / 4 + 3 * 8);
  EXPECT_EQ(plan.step_bytes[6], 3 * (12 * 24 + 8) + 3 * 40 * 3 / 4);
  EXPECT_EQ(plan.tables[1].memory, 2 * 80);  // the largest block of 7 rows on 4 ranks
  const exchange::TablePlacements placements = plan.placements(2);
  EXPECT_EQ(placements.ranks, 4);
  EXPECT_EQ(placements.rank, 2);
  EXPECT_THAT(placements.sharded, ElementsAre("candidate/tables/title_lookup"));
}

TEST(PlanTest, TellsOfATableInALine) {
  EXPECT_EQ(plan_all(small_job(2), PlacementWish::sharded).tables[0].text(),
            "user_id_lookup [1000, 4] sharded: 16.0 kB a rank, 240 B a step");
  EXPECT_EQ(plan_all(small_job(2), PlacementWish::automatic).tables[0].text(),
            "user_id_lookup [1000, 4] replicated (chosen): 32.0 kB a rank, 288 B a step");
}

double memory_of_a_step(const JobShape& job) {
  const Plan plan = plan_all(job, PlacementWish::replicated);
  return std::ranges::find(plan.memory, "a step", &std::pair<std::string, double>::first)->second;
}

// 1200 queries of a batch, 48 of 96 columns.
TEST(PlanTest, AStepHoldsTheActivationsOfItsRows) {
  JobShape job = small_job(2);
  const double without = memory_of_a_step(job);
  job.query_row_bytes = 100;
  EXPECT_EQ(memory_of_a_step(job), without + 1200 * 100);
  job.candidate_row_bytes = 10;
  EXPECT_EQ(memory_of_a_step(job), without + 1200 * 100 + 48 * 10);
}

TEST(PlanTest, TheTotalIsTheSumOfItsParts) {
  const Plan plan = plan_all(small_job(2), PlacementWish::sharded);
  double total = 16000;
  for (const auto& part : plan.memory) total += part.second;
  EXPECT_EQ(plan.total_memory(), total);
}

Placement chosen(int ranks, std::int64_t rows, double touched) {
  JobShape job = small_job(ranks);
  job.tables = {table("query/tables/user_id_lookup", rows, 25, touched)};  // 200 bytes a row
  return plan_all(job, PlacementWish::automatic).tables[0].placement;
}

TEST(PlanTest, AutoShardsTablesAbove64MB) {
  EXPECT_EQ(large_table, 64e6);
  EXPECT_EQ(chosen(2, 320'000, 1), Placement::replicated);
  EXPECT_EQ(chosen(2, 320'001, 1), Placement::sharded);
}

TEST(PlanTest, AutoShardsWhereItSaves50KilobytesAStep) {
  EXPECT_EQ(worthwhile_saving, 5e4);
  // A row costs 3 * 108 bytes replicated, 208 * 3 / 4 sharded: a saving of 168.
  EXPECT_EQ(chosen(4, 100'000, 297), Placement::replicated);
  EXPECT_EQ(chosen(4, 100'000, 298), Placement::sharded);
}

TEST(PlanTest, AutoNeverShardsOverOneRank) {
  EXPECT_EQ(chosen(1, 1'000'000'000, 1e9), Placement::replicated);
}

TEST(PlanTest, AWishIsHeeded) {
  JobShape job = small_job(8);
  job.tables[0].rows = 1'000'000'000;
  const Plan plan = plan_all(job, PlacementWish::replicated);
  EXPECT_EQ(plan.tables[0].placement, Placement::replicated);
  EXPECT_FALSE(plan.tables[0].was_chosen);
  EXPECT_TRUE(plan_all(job, PlacementWish::automatic).tables[0].was_chosen);
}

TEST(PlanTest, FindsTheLeastNumberOfRanks) {
  JobShape job = small_job(1);
  job.tables[0].rows = 1'000'000;  // 32 MB
  const auto need = [&](int ranks) {
    JobShape other = job;
    other.ranks = ranks;
    other.tables[0].touched /= ranks;
    return plan_all(other, PlacementWish::sharded).total_memory();
  };
  EXPECT_EQ(least_ranks(job, wish(PlacementWish::sharded), need(1)), 1);
  EXPECT_EQ(least_ranks(job, wish(PlacementWish::sharded), need(5)), 5);
  EXPECT_GT(need(4), need(5));
  EXPECT_EQ(least_ranks(job, wish(PlacementWish::sharded), 1000), 0);
  EXPECT_EQ(least_ranks(job, wish(PlacementWish::replicated), 20e6), 0);
}

JobShape two_towers() {
  JobShape job = small_job(2);
  job.tables = {table("query/tables/user_id_lookup", 10, 4, 1), table("query/tables/time_lookup", 10, 4, 1),
                table("query/tables/time_hash", 10, 4, 1), table("candidate/tables/title_text", 10, 4, 1)};
  return job;
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const base::UsageError& error) {
    return error.what();
  }
  return "no UsageError";
}

TEST(Placements, AreReadInTheirOrder) {
  const JobShape job = two_towers();
  const auto read = [&](const std::vector<std::string>& texts) {
    const PlacementWishes wishes = read_placements(texts, job);
    return std::pair(wishes.of("query/tables/user_id_lookup"), wishes.of("candidate/tables/title_text"));
  };
  using enum PlacementWish;
  EXPECT_EQ(read({}), std::pair(automatic, automatic));
  EXPECT_EQ(read({"auto"}), std::pair(automatic, automatic));
  EXPECT_EQ(read({"sharded"}), std::pair(sharded, sharded));
  EXPECT_EQ(read({"sharded", "user_id=replicated"}), std::pair(replicated, sharded));
  EXPECT_EQ(read({"user_id_lookup=sharded", "user_id=auto", "title=sharded"}), std::pair(automatic, sharded));
  EXPECT_EQ(read({"user_id=sharded", "replicated"}), std::pair(replicated, replicated));
}

TEST(Placements, ThatCannotBeAreRefused) {
  const JobShape job = two_towers();
  for (const std::string text :
       {"", "nonsense", "Sharded", "user_id=", "user_id=nonsense", "=", "user_id:sharded", "sharded="}) {
    EXPECT_THAT(refusal([&] { read_placements({text}, job); }),
                AllOf(HasSubstr("--placement " + text + ": expected auto, replicated or sharded"),
                      HasSubstr("user_id=sharded")));
  }
  EXPECT_THAT(
      refusal([&] {
        read_placements({"auto", "shoe_size=sharded"}, job);
      }),
      AllOf(HasSubstr("--placement shoe_size=sharded: there is no embedding table of \"shoe_size\""),
            HasSubstr("query/user_id_lookup, query/time_lookup, query/time_hash, candidate/title_text")));
  EXPECT_THAT(refusal([&] { read_placements({"=sharded"}, job); }), HasSubstr("no embedding table of \"\""));
}

TEST(FindTable, TakesAFeatureOrAColumnThatIsPlain) {
  const JobShape job = two_towers();
  EXPECT_EQ(find_table(job, "user_id", "--rows"), "query/tables/user_id_lookup");
  EXPECT_EQ(find_table(job, "user_id_lookup", "--rows"), "query/tables/user_id_lookup");
  EXPECT_EQ(find_table(job, "time_hash", "--rows"), "query/tables/time_hash");
  EXPECT_THAT(refusal([&] { find_table(job, "time", "--rows time=3"); }),
              HasSubstr("--rows time=3: there is more than one embedding table of \"time\""));
}

TEST(FindTable, TellsTheTowersApart) {
  JobShape job = two_towers();
  TableShape twin = job.tables.front();
  twin.name = "candidate/tables/" + twin.feature;
  job.tables.push_back(twin);
  EXPECT_EQ(find_table(job, "candidate/user_id_lookup", "--rows"), "candidate/tables/user_id_lookup");
  EXPECT_EQ(find_table(job, "query/user_id_lookup", "--rows"), "query/tables/user_id_lookup");
  EXPECT_THAT(refusal([&] { find_table(job, "user_id_lookup", "--rows user_id_lookup=3"); }),
              HasSubstr("there is more than one embedding table of \"user_id_lookup\""));
}

/// The built-in data, featurised in every way.
TrainingOptions options_of_a_run(std::vector<std::size_t> layers, std::vector<std::string> placements) {
  TrainingOptions options;
  options.model.layers = std::move(layers);
  options.model.query_features = {"user_id:lookup", "user_id:hash(500):8", "rating:hash(3):4",
                                  "timestamp:bucketize(1000)", "timestamp:normalize"};
  options.model.candidate_features = {"title:lookup", "title:text(10000):16", "genres:list(|):8"};
  options.placements = std::move(placements);
  return options;
}

struct Traffics {
  Plan plan;
  std::array<double, metering::traffic_names.size()>
      counted{};  // a step's, mean over ranks and the steps of an epoch
};

/// Trains so many epochs, and counts the last one.
Traffics train_an_epoch(const TrainingOptions& options, int epochs = 1) {
  test::StepSetting run(options);
  for (int epoch = 1; epoch < epochs; ++epoch) {
    run.learner.begin_epoch(0);
    run.run_epoch();
  }
  const metering::TrafficBytes before = run.traffic.all();
  {
    const auto counting = run.traffic.measure(metering::Traffic::deal);
    run.learner.begin_epoch(0);
  }
  run.run_epoch();
  Traffics result{run.plan, {}};
  std::vector<std::int64_t> sums(run.traffic.all().begin(), run.traffic.all().end());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] -= before[i];
  run.world.sum(std::span(sums));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    result.counted[i] =
        static_cast<double>(sums[i]) / static_cast<double>(run.world.size() * run.learner.steps_per_epoch());
  }
  return result;
}

void expect_plan_to_hold(const TrainingOptions& options) {
  const Traffics traffics = train_an_epoch(options);
  for (std::size_t kind = 0; kind < metering::traffic_names.size(); ++kind) {
    const double planned = traffics.plan.step_bytes[kind];
    EXPECT_NEAR(traffics.counted[kind], planned, 0.05 * planned) << metering::traffic_names[kind];
  }
}

TEST(PlanAgainstCountedBytes, OfReplicatedTables) {
  expect_plan_to_hold(options_of_a_run({32}, {"replicated"}));
}
TEST(PlanAgainstCountedBytes, OfShardedTables) {
  expect_plan_to_hold(options_of_a_run({32}, {"sharded"}));
}
/// The built-in data, whose factors least squares solves for.
TrainingOptions least_squares_options(const std::string& placement) {
  TrainingOptions options = options_of_a_run({}, {placement});
  options.model.query_features = {"user_id:lookup"};
  options.model.candidate_features = {"item_id:lookup"};
  options.optimizer.kind = OptimizerKind::als;
  return options;
}

/// Bytes of a step in all, of what was planned.
double counted_share(const std::string& placement) {
  const Traffics traffics = train_an_epoch(least_squares_options(placement), 2);  // the first sums once more
  const auto sum = [](const auto& bytes) { return std::accumulate(bytes.begin(), bytes.end(), 0.0); };
  const double planned = sum(traffics.plan.step_bytes);
  return planned == 0 ? 1 + sum(traffics.counted) : sum(traffics.counted) / planned;
}

TEST(PlanAgainstCountedBytes, OfLeastSquares) {
  EXPECT_NEAR(counted_share("replicated"), 1, 0.01);
}
/// Popular items are asked for less often than if all were alike; few rows are solved elsewhere than held.
TEST(PlanAgainstCountedBytes, OfLeastSquaresOnShardedTables) {
  const double share = counted_share("sharded");
  EXPECT_GE(share, 0.7);
  EXPECT_LE(share, 1.06);
}
TEST(PlanAgainstCountedBytes, OfExamplesWithWeights) {
  TrainingOptions options = options_of_a_run({32}, {"replicated"});
  options.model.query_features = {"user_id:lookup"};
  options.data.weight_column = "rating";
  expect_plan_to_hold(options);
}
TEST(PlanAgainstCountedBytes, OfSomeOfEachAndManyDenseParameters) {
  expect_plan_to_hold(options_of_a_run({160, 24}, {"replicated", "user_id_lookup=sharded", "rating=sharded",
                                                   "genres=sharded", "title_text=sharded"}));
}
TEST(PlanAgainstCountedBytes, OfBatchesThatAreMuchOfTheData) {
  TrainingOptions options = options_of_a_run({8}, {"sharded", "title=replicated"});
  options.model.candidate_features = {"title:lookup"};
  options.batch_size = 16000;  // more than the examples of one of several ranks
  expect_plan_to_hold(options);
}

TEST(PlanAgainstCountedBytes, OfTheCatalogueAsNegatives) {
  TrainingOptions options = options_of_a_run({32}, {"sharded"});
  options.loss.negatives = NegativeSource::catalogue;
  options.loss.learned_temperature = true;
  expect_plan_to_hold(options);
}
TEST(PlanAgainstCountedBytes, OfSeenItemsMasked) {
  TrainingOptions options = options_of_a_run({32}, {"replicated"});
  options.model.query_features = {"user_id:lookup"};
  options.loss.mask_seen = true;
  expect_plan_to_hold(options);
}
TEST(PlanAgainstCountedBytes, OfExtraNegatives) {
  TrainingOptions options = options_of_a_run({32}, {"replicated"});
  options.loss.extra_negatives = 3000;
  expect_plan_to_hold(options);
}

TEST(JobShapeTest, CountsTheColumnsOfEveryKindOfNegatives) {
  TrainingOptions options = options_of_a_run({16}, {});
  auto world = mpi::Communicator::world();
  const ingest::TrainingData data = ingest::prepare_data(options, world);
  const JobShape plain = describe_job(options, data, 2, {}, world);
  options.loss.extra_negatives = 10'000;  // all of 1500 items but two, if not all
  options.loss.negative_distribution = NegativeDistribution::popularity;
  options.loss.negative_power = 0;
  const JobShape drawn = describe_job(options, data, 2, {}, world);
  EXPECT_NEAR(drawn.columns, 1504, 8);
  EXPECT_LT(plain.columns, 1400);
  EXPECT_EQ(drawn.candidate_bytes, plain.candidate_bytes + 8);
  options.loss = {};
  options.loss.negatives = NegativeSource::catalogue;
  options.loss.learned_temperature = true;
  const JobShape whole = describe_job(options, data, 2, {}, world);
  EXPECT_EQ(whole.columns, 1504);
  EXPECT_EQ(whole.dense_parameters, plain.dense_parameters + 1);
  options.loss.mask_seen = true;
  EXPECT_EQ(describe_job(options, data, 2, {}, world).user_words, 1U);
  EXPECT_EQ(describe_job(options, data, 2, {}, world).candidate_bytes, plain.candidate_bytes + 4);
  EXPECT_EQ(plain.user_words, 0U);
  DeclaredSizes declared;
  declared.items = 1'000'000;
  EXPECT_EQ(describe_job(options, data, 2, declared, world).columns, 1'000'000);
  options.loss = {};
  options.loss.extra_negatives = 8192;
  EXPECT_NEAR(describe_job(options, data, 2, declared, world).columns,
              1e6 * (1 - std::exp(-(2048 + 8192) / 1e6)), 40);
}

TEST(JobShapeTest, IsTheSameWhateverTheRanksThatCount) {
  const TrainingOptions options = options_of_a_run({32}, {});
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const JobShape together = describe_job(options, ingest::prepare_data(options, world), 3, {}, world);
  const JobShape alone = describe_job(options, ingest::prepare_data(options, self), 3, {}, self);
  EXPECT_EQ(together.columns, alone.columns);
  ASSERT_EQ(together.tables.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(together.tables[i].touched, alone.tables[i].touched) << alone.tables[i].name;
    EXPECT_EQ(together.tables[i].rows, alone.tables[i].rows);
  }
  EXPECT_EQ(together.train_examples, alone.train_examples);
}

TEST(JobShapeTest, DescribesTheModel) {
  const TrainingOptions options = options_of_a_run({16, 24}, {});
  auto world = mpi::Communicator::world();
  const JobShape job = describe_job(options, ingest::prepare_data(options, world), 2, {}, world);
  EXPECT_EQ(job.lanes, 8);
  EXPECT_EQ(job.subtrees, 1);
  EXPECT_EQ(job.train_examples + job.held_out_examples, 60000);
  EXPECT_EQ(job.candidates, 1500);
  EXPECT_EQ(job.example_words, 5U);
  EXPECT_EQ(job.vector_width, 24U);
  const std::size_t query = 32 + 8 + 4 + 32 + 1;
  const std::size_t candidate = 32 + 16 + 8;
  EXPECT_EQ(job.dense_parameters, (query + 1) * 16 + 17 * 24 + (candidate + 1) * 16 + 17 * 24);
  // Input and hidden layer, and their gradients.
  EXPECT_EQ(job.query_row_bytes, 2 * (query + 16) * 4);
  EXPECT_EQ(job.candidate_row_bytes, 2 * (candidate + 16) * 4);
  EXPECT_EQ(job.tables[1].name, "query/tables/user_id_hash");
  EXPECT_EQ(job.tables[1].column, "user_id");
  EXPECT_EQ(job.tables[1].rows, 500);
  EXPECT_EQ(job.tables[1].row_bytes, 2 * 8 * 4);  // and Adagrad's
  EXPECT_EQ(job.tables[2].touched, 3);            // every rank sees every rating
  EXPECT_EQ(job.tables[6].feature, "genres_list");
}

TEST(JobShapeTest, TakesTableOfDeclaredSizeToBeTouchedEvenly) {
  const TrainingOptions options = options_of_a_run({8}, {});
  auto world = mpi::Communicator::world();
  DeclaredSizes declared;
  declared.table_rows["query/tables/user_id_lookup"] = 1'000'000'000;
  declared.table_rows["query/tables/rating_hash"] = 2;
  declared.interactions = 10'000'000;
  declared.items = 12345;
  const JobShape job = describe_job(options, ingest::prepare_data(options, world), 4, declared, world);
  EXPECT_EQ(job.tables[0].rows, 1'000'000'000);
  EXPECT_NEAR(job.tables[0].touched, 512, 0.01);  // a batch of 2048 on 4 ranks: hardly any row twice
  EXPECT_NEAR(job.tables[2].touched, 2, 1e-6);
  EXPECT_EQ(job.train_examples, 8'000'000);
  EXPECT_EQ(job.held_out_examples, 2'000'000);
  EXPECT_EQ(job.candidates, 12345);
  EXPECT_NEAR(job.columns, 12345 * (1 - std::exp(-2048 / 12345.0)), 32);
}

TEST(JobShapeTest, ACatalogueOfDeclaredSizeIsTouchedEvenly) {
  const TrainingOptions options = options_of_a_run({8}, {});
  auto world = mpi::Communicator::world();
  DeclaredSizes declared;
  declared.items = 1'000'000'000;
  declared.table_rows["candidate/tables/title_lookup"] = 1'000'000'000;
  const JobShape job = describe_job(options, ingest::prepare_data(options, world), 4, declared, world);
  EXPECT_EQ(job.columns, 2048);  // hardly any item twice in a batch
  EXPECT_NEAR(job.tables[4].touched, 512, 0.01);
  EXPECT_LE(job.tables[6].touched, static_cast<double>(job.tables[6].rows));  // genres
}

}  // namespace
}  // namespace gemel::plan
