#include "model/loaded_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_writer.hpp"
#include "evaluation/embedder.hpp"
#include "evaluation/score_tiles.hpp"
#include "mpi/agreement.hpp"
#include "run/run_checkpoints.hpp"
#include "support/step_setting.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::model {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;

std::vector<float> values(tensor::ConstMatrixView matrix) {
  return {matrix.flat().begin(), matrix.flat().end()};
}

class LoadedModelTest : public testing::Test {
 protected:
  LoadedModelTest() {
    options_.data.synthetic = {.users = 60, .items = 50, .interactions = 1500};
    options_.batch_size = 128;
    options_.checkpoint.directory = directory_.path().string();
  }

  /// Trains an epoch and writes a checkpoint; the run lives on.
  void train() {
    run_.emplace(options_);
    checkpoints_.emplace(run_->options, run_->world);
    run_->learner.deal.deal(0);
    run_->run_epoch();
    run_->learner.optimizer.settle_all();
    step::TrainingState state;
    state.epoch = 1;
    state.step = run_->learner.deal.batches();
    state.lane_losses.assign(8, 0.0);
    checkpoints_->save(run_->learner, run_->data, state, {});
    checkpoints_->finish();
  }

  /// Vectors [rows, d] of all of `rows`. Collective.
  tensor::Matrix embed(const features::FeatureRows& rows, const TwoTower& model, const Tower& tower) {
    return embed(rows, 0, rows.size(), model, tower);
  }
  tensor::Matrix embed(const features::FeatureRows& rows, std::size_t first, std::size_t count,
                       const TwoTower& model, const Tower& tower) {
    tensor::Matrix vectors(count, model.dim());
    evaluation::Embedder(run_->world, run_->learner.team, run_->learner.runtime, tower, model.dense())
        .run(rows, first, vectors.view());
    return vectors;
  }

  /// Scores of the first queries with this rank's items.
  std::vector<float> scores(tensor::ConstMatrixView queries, tensor::ConstMatrixView items,
                            std::size_t first_item) {
    evaluation::ScoreTiles tiles({first_item, items.rows()}, items);
    std::vector<float> all;
    tiles.for_each(queries.middle_rows(0, std::min<std::size_t>(queries.rows(), 64)),
                   [&](std::size_t, std::size_t, std::span<float> scores) {
                     all.insert(all.end(), scores.begin(), scores.end());
                   });
    return all;
  }

  /// What is loaded scores with the bits of what is in memory.
  void expect_alike(double most_replicated) {
    const LoadedModel loaded = LoadedModel::open(directory_.path(), run_->world, most_replicated);
    learning::AveragedWeights averaged(run_->learner.optimizer);  // where there are any
    const TwoTower& trained = run_->learner.model;
    const TwoTower& towers = loaded.towers();
    const Catalogue& catalogue = loaded.catalogue();
    const auto first = static_cast<std::size_t>(catalogue.ids.first);
    const tensor::Matrix items =
        embed(run_->data.catalogue, first, catalogue.vectors.rows(), trained, trained.candidate());
    EXPECT_EQ(values(catalogue.vectors.view()), values(items.view()));
    EXPECT_EQ(values(embed(run_->data.catalogue, first, items.rows(), towers, towers.candidate()).view()),
              values(items.view()));

    const features::FeatureRows& rows = run_->data.test.features;
    const tensor::Matrix queries = embed(rows, trained, trained.query());
    const tensor::Matrix loaded_queries = embed(rows, towers, towers.query());
    EXPECT_EQ(values(loaded_queries.view()), values(queries.view()));
    EXPECT_EQ(scores(loaded_queries.view(), catalogue.vectors.view(), first),
              scores(queries.view(), items.view(), first));
  }

  std::string refusal(const std::filesystem::path& path) {
    std::string message = "no AgreedError";
    try {
      LoadedModel::open(path, world_);
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message), Each(message));
    return message;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  TrainingOptions options_;
  std::optional<test::StepSetting> run_;
  std::optional<run::RunCheckpoints> checkpoints_;
};

TEST_F(LoadedModelTest, ScoresWithTheBitsOfTheTrainedModel) {
  train();
  expect_alike(LoadedModel::large_table);
  expect_alike(0);  // all tables are sharded
}

TEST_F(LoadedModelTest, ScoresAlikeWithBiasesLayersAndUnitVectors) {
  options_.model.layers = {16, 8};
  options_.model.normalize = true;
  options_.model.item_bias = true;
  options_.model.dropout = 0.1F;
  options_.loss.learned_temperature = true;
  options_.placements = {"sharded"};
  train();
  expect_alike(LoadedModel::large_table);
  expect_alike(1000);  // some are
}

TEST_F(LoadedModelTest, HasTheAveragesOfTheWeights) {
  options_.optimizer.kind = OptimizerKind::adamw;
  options_.optimizer.weight_decay = 0.01F;
  options_.optimizer.average_decay = 0.9F;
  train();
  expect_alike(LoadedModel::large_table);
  const LoadedModel loaded = LoadedModel::open(directory_.path(), world_);
  EXPECT_NE(values(loaded.towers().tables()[0]->weights().view()),
            values(run_->learner.model.tables()[0]->weights().view()));
}

TEST_F(LoadedModelTest, HasTheCatalogueInBlocksOfTheRanks) {
  train();
  const LoadedModel loaded = LoadedModel::open(checkpoints_->last(), world_);
  const Catalogue& catalogue = loaded.catalogue();
  EXPECT_EQ(loaded.path(), checkpoints_->last());
  EXPECT_EQ(loaded.epoch(), 1);
  EXPECT_EQ(loaded.step(), run_->learner.deal.batches());
  EXPECT_EQ(catalogue.size(), 50);
  EXPECT_EQ(catalogue.ids.first, run_->data.item_ids.first);
  EXPECT_EQ(catalogue.ids.strings.texts(), run_->data.item_ids.strings.texts());
  EXPECT_EQ(catalogue.labels.strings.texts(), run_->data.item_labels.strings.texts());
  EXPECT_EQ(catalogue.counts, run_->data.item_counts);
}

TEST_F(LoadedModelTest, OneProcessReadsWhatManyHaveWritten) {
  options_.placements = {"sharded"};
  train();
  const LoadedModel shared = LoadedModel::open(directory_.path(), world_);
  const auto vectors =
      world_.all_gather_varying(std::span<const float>(shared.catalogue().vectors.view().flat()));
  if (world_.is_root()) {
    mpi::Communicator self = mpi::Communicator::self();
    const LoadedModel alone = LoadedModel::open(directory_.path(), self, 0);
    EXPECT_EQ(values(alone.catalogue().vectors.view()), vectors);
    EXPECT_EQ(alone.catalogue().ids.strings.size(), 50U);
    for (std::size_t t = 0; t < alone.towers().tables().size(); ++t) {
      EXPECT_FALSE(alone.towers().tables()[t]->is_sharded());
      EXPECT_EQ(values(alone.towers().tables()[t]->weights().view()),
                values(shared.towers().tables()[t]->weights().view()));
    }
  }
  world_.barrier();
}

/// vector[o] = bias[o] + sum_i table[row][i] * kernel[i][o], in doubles.
std::vector<double> naive_vector(const tensor::Matrix& table, std::size_t row, const tensor::Matrix& kernel,
                                 const std::vector<float>& bias) {
  std::vector<double> vector(bias.begin(), bias.end());
  for (std::size_t o = 0; o < vector.size(); ++o) {
    for (std::size_t i = 0; i < kernel.rows(); ++i)
      vector[o] += static_cast<double>(table(row, i)) * static_cast<double>(kernel(i, o));
  }
  return vector;
}

TEST_F(LoadedModelTest, ScoresAreThoseOfPlainLoopsOverTheFile) {
  options_.model.query_features = {"user_id:lookup:6"};
  options_.model.candidate_features = {"item_id:lookup:5"};
  options_.model.layers = {7};
  train();
  const LoadedModel loaded = LoadedModel::open(directory_.path(), world_);
  checkpoint::CheckpointReader reader(loaded.path(), world_);
  const tensor::Matrix users = reader.read_matrix("/query/tables/user_id_lookup/weights");
  const tensor::Matrix user_kernel = reader.read_matrix("/query/dense_0/kernel");
  const auto user_bias = reader.read_vector<float>("/query/dense_0/bias");
  const tensor::Matrix items = reader.read_matrix("/candidate/tables/item_id_lookup/weights");
  const tensor::Matrix item_kernel = reader.read_matrix("/candidate/dense_0/kernel");
  const auto item_bias = reader.read_vector<float>("/candidate/dense_0/bias");

  const features::FeatureRows& rows = run_->data.test.features;
  const tensor::Matrix queries = embed(rows, loaded.towers(), loaded.towers().query());
  const Catalogue& catalogue = loaded.catalogue();
  for (std::size_t q = 0; q < std::min<std::size_t>(rows.size(), 20); ++q) {
    const auto query = naive_vector(users, rows.words[q], user_kernel, user_bias);
    for (std::size_t i = 0; i < catalogue.vectors.rows(); ++i) {
      const auto item_row = run_->data.catalogue.words[static_cast<std::size_t>(catalogue.ids.first) + i];
      const auto item = naive_vector(items, item_row, item_kernel, item_bias);
      double expected = 0;
      double score = 0;
      for (std::size_t d = 0; d < 7; ++d) {
        expected += query[d] * item[d];
        score += static_cast<double>(queries(q, d)) * static_cast<double>(catalogue.vectors(i, d));
      }
      EXPECT_NEAR(score, expected, 1e-5);
    }
  }
}

TEST_F(LoadedModelTest, WhatIsNoModelIsRefusedByAllRanks) {
  EXPECT_THAT(refusal(directory_.path()), HasSubstr("no checkpoints in this directory"));
  EXPECT_THAT(refusal(directory_ / "missing.h5"), HasSubstr("no such file"));
  checkpoint::CheckpointWriter writer(directory_ / "bare.h5", world_);
  writer.attribute("/", "epoch", std::int64_t{1});
  writer.attribute("/", "step", std::int64_t{1});
  writer.attribute("/", "config", R"({"normalize": true})");
  writer.commit();
  EXPECT_THAT(refusal(directory_ / "bare.h5"),
              AllOf(HasSubstr("bare.h5"), HasSubstr("no dataset /query/features")));
}

}  // namespace
}  // namespace gemel::model
