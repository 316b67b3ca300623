#include "run/checkpoint_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "checkpoint/checkpoint_writer.hpp"
#include "exchange/placement.hpp"
#include "features/features_file.hpp"
#include "ingest/data_identity_file.hpp"
#include "mpi/agreement.hpp"
#include "support/command.hpp"
#include "support/lanes.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::run {
namespace {

using features::FittedFeature;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::map<std::string, std::vector<float>>;

const std::string users = "query/tables/user_id_lookup";
const std::string titles = "candidate/tables/title_lookup";
const std::string years = "candidate/tables/year_hash";  // has fewer rows than there are ranks

/// How many rows the tables with a vocabulary have, and how many of them are new.
struct Sizes {
  std::int64_t users = 20;
  std::int64_t titles = 5;
  std::int64_t added_users = 0;
  std::int64_t added_titles = 0;
};

std::string user(std::int64_t row) {
  return row == 0 ? "[UNK]" : "user " + std::to_string(row);
}

/// Rows that the values of saved parameters are told apart by.
float saved_value(std::uint64_t stream, std::size_t element) {
  return test::number(700 + stream, element);
}

class CheckpointFileTest : public testing::Test {
 protected:
  /// A model with its optimiser. Of the tables, those named are sharded.
  struct Run {
    Run(const std::vector<FittedFeature>& query, const std::vector<FittedFeature>& candidate,
        const OptimizerOptions& options, const exchange::TablePlacements& placements)
        : model(query, candidate, {.layers = {4, 3}}, 5, placements), optimizer(options, model) {}
    model::TwoTower model;
    learning::Optimizer optimizer;
  };

  FittedFeature lookup(const std::string& column, std::int64_t rows, std::int64_t added, std::size_t dim) {
    FittedFeature feature;
    feature.spec = features::parse_feature(column + ":lookup", dim);
    ingest::StringColumn whole;
    for (std::int64_t row = 0; row < rows; ++row) whole.push_back(user(row));
    feature.vocabulary = ingest::own_block(whole, world_);
    feature.added = added;
    return feature;
  }
  static FittedFeature fitted(const char* declaration, const nlohmann::json& learned) {
    FittedFeature feature;
    feature.spec = features::parse_feature(declaration, 2);
    std::unique_ptr<features::Kind> kind = feature.spec.kind->clone();
    kind->read(learned);
    feature.spec.kind = std::move(kind);
    return feature;
  }
  static nlohmann::ordered_json learned_by(const FittedFeature& feature) {
    nlohmann::ordered_json learned;
    feature.spec.kind->write(learned);
    return learned;
  }
  std::vector<FittedFeature> query_features(const Sizes& sizes) {
    const FittedFeature buckets =
        fitted("timestamp:bucketize(4):2", {{"minimum", 0.1}, {"maximum", 880000000.7}});
    const FittedFeature scalar = fitted("timestamp:normalize", {{"mean", 1.0 / 3}, {"deviation", 7.1}});
    return {lookup("user_id", sizes.users, sizes.added_users, 3), buckets, scalar};
  }
  std::vector<FittedFeature> candidate_features(const Sizes& sizes) {
    FittedFeature hashed;
    hashed.spec = features::parse_feature("year:hash(3)", 2);
    return {lookup("title", sizes.titles, sizes.added_titles, 2), hashed};
  }
  /// A fresh one.
  Run run(const std::set<std::string>& sharded, const Sizes& sizes = {}) {
    return {
        query_features(sizes), candidate_features(sizes), options_, {world_.size(), world_.rank(), sharded}};
  }

  /// Calls visit(name, values, the first element's place in the whole parameter, whether it is sharded).
  template <class Visit>
  static void for_each_parameter(Run& run, const Visit& visit) {
    auto tables = run.model.tables();
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto first = static_cast<std::size_t>(tables[i]->held().first);
      const auto table = [&](const std::string& name, tensor::Matrix& values) {
        visit(tables[i]->name() + "/" + name, values.view().flat(), first * values.cols(),
              tables[i]->is_sharded());
      };
      table("weights", tables[i]->weights());
      for (auto& slot : run.optimizer.slots()) table(slot.name, slot.tables[i]);
    }
    visit("dense", run.model.dense().values(), 0, false);
    for (auto& slot : run.optimizer.slots()) visit("dense " + slot.name, std::span(slot.dense), 0, false);
  }
  static void fill(Run& run) {
    std::uint64_t stream = 0;
    for_each_parameter(run, [&](const std::string&, std::span<float> values, std::size_t first, bool) {
      ++stream;
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = saved_value(stream, first + i);
    });
  }
  /// Everything, whole. Collective.
  Values values_of(Run& run) {
    Values all;
    for_each_parameter(run,
                       [&](const std::string& name, std::span<float> values, std::size_t, bool is_sharded) {
                         if (is_sharded) {
                           all[name] = world_.all_gather_varying(std::span<const float>(values));
                         } else {
                           all[name].assign(values.begin(), values.end());
                         }
                       });
    return all;
  }

  /// Where the next checkpoint goes; there is none yet.
  void next_path() { path_ = directory_ / (std::to_string(++files_) + ".h5"); }

  /// Writes path_, from a run whose values are those of `fill`, and returns them.
  Values save(const std::set<std::string>& sharded) {
    next_path();
    Run saved = run(sharded);
    fill(saved);
    ingest::StringColumn items;
    for (const char* item : {"10", "20", "七人の侍"}) items.push_back(item);
    const ingest::VocabularyBlock own = ingest::own_block(items, world_);
    const model::CatalogueView catalogue = {own, own, counts_, vectors_.view().middle_rows(0, own_items())};
    RunIdentity identity;
    identity.config = "{}";
    identity.options = "{}";
    identity.lanes = 8;
    identity.seed = 5;
    identity.top_k = {1, 10};
    identity.data = {"made up",
                     100,
                     70,
                     20,
                     0xfedcba9876543210,
                     10,
                     ingest::SplitBorders{1, std::int64_t{1} << 62, 3, -4}};
    identity.metrics = metrics_;
    checkpoint::CheckpointWriter writer(path_, world_);
    write_checkpoint(writer, identity, state_, catalogue, saved.model, saved.optimizer, world_);
    const std::uint64_t bytes = writer.commit();
    EXPECT_EQ(bytes, std::filesystem::file_size(path_));
    return values_of(saved);
  }
  step::TrainingState load(Run& into) {
    checkpoint::CheckpointReader reader(path_, world_);
    step::TrainingState state =
        load_checkpoint(reader, into.model, into.optimizer, make_metrics(metrics_, top_k_));
    return state;
  }
  /// The message that every rank gets when the checkpoint is loaded into a run that it does not fit.
  std::string refusal(Run& into) {
    std::string message = "no AgreedError";
    try {
      load(into);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message), Each(message));
    return message;
  }
  std::size_t own_items() const {
    return static_cast<std::size_t>(exchange::RowBlocks(3, world_.size()).block(world_.rank()).size());
  }

  /// After growth: the old rows are those that were saved, the new ones as a fresh model has them.
  void expect_grown(const Sizes& grown, const std::set<std::string>& sharded) {
    const Values saved = save({});
    Run fresh = run(sharded, grown);
    Values expected = values_of(fresh);
    for (auto& [name, values] : expected) {
      const std::vector<float>& old = saved.at(name);
      ASSERT_GE(values.size(), old.size()) << name;
      std::copy(old.begin(), old.end(), values.begin());
    }
    EXPECT_GT(expected.at(users + "/weights").size(), saved.at(users + "/weights").size());
    load(fresh);
    EXPECT_EQ(values_of(fresh), expected);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_;
  int files_ = 0;
  OptimizerOptions options_;
  std::vector<std::int64_t> counts_ = {3, 0, 9};
  tensor::Matrix vectors_{3, 3};
  step::TrainingState state_ = {
      2, 23, 3, {1.5, -2, 3, 4, 5, 6, 7, 1e-300}, {{1, 10, 0.5, {0.25, 1}}, {2, 20, 0.1, {0, 0.5}}}};
  std::vector<MetricKind> metrics_ = {MetricKind::accuracy};  // of what is saved and loaded
  std::vector<std::int64_t> top_k_ = {1, 10};                 // of what is loaded
  const std::vector<std::set<std::string>> placements_ = {
      {}, {users, titles, years, "query/tables/timestamp_bucketize"}, {titles}, {users, years}};
};

TEST_F(CheckpointFileTest, AnyPlacementReadsWhatAnyPlacementWrote) {
  for (const auto kind : {OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad, OptimizerKind::adam}) {
    options_.kind = kind;
    options_.average_decay = kind == OptimizerKind::adam ? 0.75F : 0.0F;
    for (const auto& written : placements_) {
      const Values saved = save(written);
      for (const auto& read : placements_) {
        Run loaded = run(read);
        load(loaded);
        EXPECT_EQ(values_of(loaded), saved);
        EXPECT_EQ(loaded.optimizer.steps(), 23);
      }
    }
  }
}

TEST_F(CheckpointFileTest, PlacementLeavesNoTraceInTheFile) {
  save(placements_[0]);
  const std::string first = path_.string();
  for (std::size_t i = 1; i < placements_.size(); ++i) {
    save(placements_[i]);
    if (!world_.is_root()) continue;
    const auto difference =
        run_command("h5diff --verbose --exclude-path /run " + first + " " + path_.string());
    EXPECT_EQ(difference.status, 0) << difference.output;
    EXPECT_THAT(difference.output, HasSubstr("dataset: </query/tables/user_id_lookup/accumulator>"));
  }
}

TEST_F(CheckpointFileTest, BringsBackTheStateOfTraining) {
  save(placements_[1]);
  Run loaded = run({});
  const step::TrainingState state = load(loaded);
  EXPECT_EQ(state.epoch, 2);
  EXPECT_EQ(state.step, 23);
  EXPECT_EQ(state.step_in_epoch, 3);
  EXPECT_EQ(state.lane_losses, state_.lane_losses);
  ASSERT_EQ(state.history.size(), 2U);
  EXPECT_EQ(state.history[1].step, 20);
  EXPECT_EQ(state.history[1].loss, 0.1);
  EXPECT_EQ(state.history[0].metrics, state_.history[0].metrics);
}

TEST_F(CheckpointFileTest, HasAHistoryOfWhatWasMeasuredOnly) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  metrics_ = {MetricKind::mrr, MetricKind::recall};
  state_.history[0].metrics = {0.125, 0.25, 0.5};
  state_.history[1].metrics = {nan, nan, nan};
  save({});
  checkpoint::CheckpointReader reader(path_, world_);
  EXPECT_EQ(reader.read_vector<double>("/history/recall_1")[0], 0.125);
  EXPECT_EQ(reader.read_vector<double>("/history/recall_10")[0], 0.25);
  EXPECT_EQ(reader.read_vector<double>("/history/mrr_10")[0], 0.5);
  for (const char* absent : {"/history/top_1", "/history/mrr_1", "/history/ndcg_10"})
    EXPECT_FALSE(reader.has(absent)) << absent;
  Run loaded = run({});
  const step::TrainingState state = load(loaded);
  EXPECT_EQ(state.history[0].metrics, state_.history[0].metrics);
  ASSERT_EQ(state.history[1].metrics.size(), 3U);
  EXPECT_TRUE(std::isnan(state.history[1].metrics[2]));
}

TEST_F(CheckpointFileTest, TakesOfTheHistoryWhatIsStillMeasured) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  state_.history[0].metrics = {0.25, 1};
  state_.history[1].metrics = {0.5, nan};
  state_.compared_after = 1;
  save({});
  metrics_ = {MetricKind::hit_rate, MetricKind::accuracy};
  top_k_ = {5, 10};
  Run loaded = run({});
  const step::TrainingState state = load(loaded);
  EXPECT_EQ(state.compared_after, 1);
  const auto now = make_metrics(metrics_, top_k_);
  ASSERT_EQ(now.size(), 4U);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    const std::vector<double>& values = state.history[epoch].metrics;
    ASSERT_EQ(values.size(), now.size());
    for (std::size_t i = 0; i < now.size(); ++i) {
      const bool was_measured = now[i] == Metric{MetricKind::accuracy, 10} && epoch == 0;
      EXPECT_EQ(std::isfinite(values[i]), was_measured) << now[i].name() << " of epoch " << epoch + 1;
      if (was_measured) {
        EXPECT_EQ(values[i], 1.0);
      }
    }
  }
}

TEST_F(CheckpointFileTest, NamesTheFirstParameterThatIsNotFiniteOnAllRanks) {
  for (const auto& sharded : placements_) {
    const Run sound = run(sharded);
    EXPECT_EQ(first_not_finite(sound.model, sound.optimizer, world_), "");

    Run bad = run(sharded);
    tensor::Matrix& accumulator = bad.optimizer.slots()[0].tables[0];  // of users
    if (world_.rank() == world_.size() - 1 && accumulator.rows() > 0)
      accumulator(accumulator.rows() - 1, 2) = std::numeric_limits<float>::infinity();
    EXPECT_EQ(first_not_finite(bad.model, bad.optimizer, world_), "/" + users + "/accumulator");

    bad.model.dense().values()[1] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(first_not_finite(bad.model, bad.optimizer, world_), "/query/dense_0/kernel");
  }
}

TEST_F(CheckpointFileTest, ACheckpointOfBeforeAGrowthIsNotRestoredInPart) {
  save({});
  for (const auto& sharded : placements_) {
    Run grown = run(sharded, {20, 7, 0, 2});  // the first tables fit, that of the titles does not
    const Values before = values_of(grown);
    checkpoint::CheckpointReader reader(path_, world_);
    EXPECT_THROW(restore_checkpoint(reader, grown.model, grown.optimizer), mpi::AgreedError);
    EXPECT_EQ(values_of(grown), before);
  }
}

TEST_F(CheckpointFileTest, ARunRestoresItsOwnAfterItsVocabulariesHaveGrown) {
  for (const auto& sharded : placements_) {
    const Values saved = save(sharded);
    Run grown = run(sharded, {20, 5, 3, 2});  // the file has the added rows already
    checkpoint::CheckpointReader reader(path_, world_);
    restore_checkpoint(reader, grown.model, grown.optimizer);
    EXPECT_EQ(values_of(grown), saved);
    EXPECT_EQ(grown.optimizer.steps(), 23);
  }
}

TEST_F(CheckpointFileTest, BringsBackTheFeaturesWithThisRanksBlockOfTheirVocabularies) {
  save(placements_[1]);
  checkpoint::CheckpointReader reader(path_, world_);
  EXPECT_EQ(ingest::read_data_identity(reader).content_hash, 0xfedcba9876543210);
  EXPECT_EQ(ingest::read_data_identity(reader).validation_examples, 10);
  ASSERT_TRUE(ingest::read_data_identity(reader).split);
  EXPECT_EQ(ingest::read_data_identity(reader).split->test_begin, 1);
  EXPECT_EQ(ingest::read_data_identity(reader).split->test_end, std::int64_t{1} << 62);
  EXPECT_EQ(ingest::read_data_identity(reader).split->validation_end, 3);
  EXPECT_EQ(ingest::read_data_identity(reader).split->train_until, -4);
  const auto features = features::read_features(reader, "query");
  const auto candidate = features::read_features(reader, "candidate");
  ASSERT_EQ(features.size(), 3U);
  ASSERT_EQ(candidate.size(), 2U);
  EXPECT_EQ(features[1].spec.declaration(), "timestamp:bucketize(4):2");
  EXPECT_EQ(learned_by(features[1])["minimum"], 0.1);
  EXPECT_EQ(learned_by(features[1])["maximum"], 880000000.7);
  EXPECT_EQ(learned_by(features[2])["mean"], 1.0 / 3);
  EXPECT_EQ(learned_by(features[2])["deviation"], 7.1);
  EXPECT_EQ(candidate[1].spec.declaration(), "year:hash(3):2");
  EXPECT_EQ(candidate[1].vocabulary.rows, 0);
  const exchange::RowRange own = exchange::RowBlocks(20, world_.size()).block(world_.rank());
  EXPECT_EQ(features[0].vocabulary.rows, 20);
  EXPECT_EQ(features[0].vocabulary.first, own.first);
  std::vector<std::string> expected;
  for (std::int64_t row = own.first; row < own.last; ++row) expected.push_back(user(row));
  EXPECT_EQ(features[0].vocabulary.strings.texts(), expected);
}

TEST_F(CheckpointFileTest, NewRowsBeginAsInAFreshModel) {
  for (const auto kind : {OptimizerKind::adagrad, OptimizerKind::rowwise_adagrad}) {
    options_.kind = kind;
    for (const auto& sharded : placements_) {
      expect_grown({22, 5, 2, 0}, sharded);
      expect_grown({22, 6, 2, 1}, sharded);
      expect_grown({200, 5, 180, 0}, sharded);  // most ranks hold new rows only
    }
  }
}

TEST_F(CheckpointFileTest, ATableThatDoesNotFitItsVocabularyIsRefusedByAllRanks) {
  save({});
  for (const auto& sharded : placements_) {
    Run longer = run(sharded, {22, 5, 0, 0});
    EXPECT_THAT(refusal(longer), AllOf(HasSubstr(path_.string()), HasSubstr("/" + users + "/weights"),
                                       HasSubstr("has 20 rows of 3 columns"), HasSubstr("make it 22 of 3"),
                                       HasSubstr("use another checkpoint")));
    Run shorter = run(sharded, {19, 5, 0, 0});
    EXPECT_THAT(refusal(shorter), HasSubstr("make it 19 of 3"));
    Run added = run(sharded, {22, 5, 1, 0});
    EXPECT_THAT(refusal(added), HasSubstr("make it 21 of 3"));
    Run title = run(sharded, {20, 4, 0, 0});
    EXPECT_THAT(refusal(title), HasSubstr("/" + titles + "/weights has 5 rows of 2 columns"));
  }
}

TEST_F(CheckpointFileTest, AnotherOptimizersStateIsRefusedByAllRanks) {
  save({});
  options_.kind = OptimizerKind::rowwise_adagrad;
  for (const auto& sharded : placements_) {
    Run other = run(sharded);
    EXPECT_THAT(refusal(other),
                AllOf(HasSubstr("/accumulator has 20 rows of 3 columns"), HasSubstr("20 of 1")));
  }
}

TEST_F(CheckpointFileTest, FeaturesThatAreNoneAreRefusedByAllRanks) {
  for (const std::string text : {"no JSON", "[7]", R"([{"name": "x"}])", R"([{"declaration": "x:what"}])",
                                 R"([{"declaration": "x:normalize", "mean": "high"}])"}) {
    next_path();
    checkpoint::CheckpointWriter writer(path_, world_);
    writer.write("/query/features", std::span<const std::string>(&text, 1));
    writer.commit();
    std::string message = "no AgreedError";
    try {
      checkpoint::CheckpointReader reader(path_, world_);
      features::read_features(reader, "query");
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message),
                Each(AllOf(HasSubstr(path_.string()), HasSubstr("/query/features"))));
  }
}

}  // namespace
}  // namespace gemel::run
