#include "model/architecture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "model/two_tower.hpp"

namespace gemel::model {
namespace {

features::FittedFeature feature(const std::string& declaration, std::int64_t rows) {
  features::FittedFeature feature;
  feature.spec = features::parse_feature(declaration, 4);
  feature.vocabulary.rows = rows;
  return feature;
}

// Inputs of 4 + 1 and of 4 columns.
Architecture architecture_of(const ModelOptions& options, const LossOptions& loss = {},
                             std::int64_t users = 9) {
  return {{feature("user:lookup", users), feature("time:normalize", 0)},
          {feature("item:lookup", 7), feature("item:bias", 7)},
          options,
          1,
          loss};
}

TEST(ArchitectureTest, NamesAllDenseParametersInTheirOrder) {
  const Architecture architecture = architecture_of({.layers = {3, 2}}, {.learned_temperature = true});
  std::vector<std::string> names;
  for (const DenseLayout::Place& place : architecture.dense.places()) names.push_back(place.name);
  EXPECT_THAT(names, testing::ElementsAre(
                         "query/dense_0/kernel", "query/dense_0/bias", "query/dense_1/kernel",
                         "query/dense_1/bias", "candidate/dense_0/kernel", "candidate/dense_0/bias",
                         "candidate/dense_1/kernel", "candidate/dense_1/bias", "loss/log_temperature"));
  EXPECT_EQ(architecture.dense.size(), (5 * 3 + 3) + (3 * 2 + 2) + (4 * 3 + 3) + (3 * 2 + 2) + 1U);
}

TEST(ArchitectureTest, TellsOfTablesOfAnySize) {
  const Architecture architecture = architecture_of({.layers = {2}}, {}, std::int64_t{1} << 40);
  ASSERT_EQ(architecture.query.input().tables().size(), 1U);
  const TableShape& users = architecture.query.input().tables().front();
  EXPECT_EQ(users.name, "query/tables/user_lookup");
  EXPECT_EQ(users.feature, "user_lookup");
  EXPECT_EQ(users.column, "user");
  EXPECT_EQ(users.rows, std::int64_t{1} << 40);
  EXPECT_EQ(users.dim, 4U);
  EXPECT_EQ(architecture.candidate.input().tables()[1].range, 0.0F) << "biases begin at 0";
}

TEST(ArchitectureTest, TellsWhatARowOfATowerTakes) {
  ModelOptions options{.layers = {3, 2}};
  const Architecture plain = architecture_of(options);
  EXPECT_EQ(plain.query.output_width(), 3U);  // with a column for the biases
  // Input, hidden layer and last layer with their gradients, and the gradient of the last column.
  EXPECT_EQ(plain.query.activation_bytes(10), 10 * (2 * (5 + 3 + 2) + 1) * 4U);
  EXPECT_EQ(plain.candidate.activation_bytes(10), 10 * (2 * (4 + 3 + 2) + 1 + 1) * 4U);  // and biases
  EXPECT_EQ(plain.query.forward_flops(10), 2 * 10 * (5 * 3 + 3 * 2));
  EXPECT_EQ(plain.candidate.backward_flops(10), 4 * 10 * (4 * 3 + 3 * 2));
  options.normalize = true;
  options.dropout = 0.5F;
  options.query_dropout = 0.25F;
  const Architecture more = architecture_of(options);
  EXPECT_EQ(more.query.activation_bytes(1), plain.query.activation_bytes(1) + (5 + 3 + 1) * 4);
  EXPECT_EQ(more.candidate.activation_bytes(1), plain.candidate.activation_bytes(1) + (3 + 1) * 4);
  EXPECT_TRUE(more.candidate.layers().drops());
  EXPECT_FALSE(plain.candidate.layers().drops());
}

/// Of what forward and backward really leave.
std::size_t bytes_of(const Tower::Activations& activations) {
  std::size_t floats = activations.biases.size() + activations.bias_gradient.size() +
                       activations.computed.size() + activations.computed_gradient.size();
  for (const auto* matrices :
       {&activations.layers.values, &activations.layers.gradients, &activations.layers.kept}) {
    for (const tensor::Matrix& matrix : *matrices) floats += matrix.size();
  }
  return floats * sizeof(float);
}

TEST(ArchitectureTest, PlansTheBytesThatTowersTake) {
  const std::vector<features::FittedFeature> query = {feature("user:lookup", 9)};
  std::vector<features::FittedFeature> candidate = {feature("item:lookup", 7)};
  for (const bool has_bias : {false, true}) {
    if (has_bias) candidate.push_back(feature("item:bias", 7));
    for (const std::vector<std::size_t>& layers :
         {std::vector<std::size_t>{}, std::vector<std::size_t>{3}, std::vector<std::size_t>{6, 5, 2}}) {
      ModelOptions options{.layers = layers, .normalize = true};
      options.dropout = options.candidate_dropout = 0.5F;
      const TwoTower model(query, candidate, options, 1);
      features::FeatureRows rows;
      rows.features = candidate.size();
      rows.words.assign(3 * rows.features, 2);
      const std::vector<std::int32_t> selection = {0, 1, 2};
      std::vector<exchange::ReachableRows> tables;
      for (const EmbeddingTable& table : model.candidate().tables())
        tables.emplace_back(table.weights().view());
      Tower::Activations activations;
      tensor::Matrix vectors(3, model.dim());
      tensor::Matrix gradient(3, model.dim());
      std::vector<float> dense_gradient(model.dense().size());
      onednn::Executor executor;
      const DropoutDraw draw{0, selection};
      model.candidate().look_up(rows, selection, tables, activations);
      model.candidate().forward({model.dense().values(), executor, &draw}, activations, vectors.view());
      model.candidate().backward({model.dense().values(), dense_gradient, executor}, activations,
                                 vectors.view(), gradient.view());
      EXPECT_EQ(bytes_of(activations), model.candidate().architecture().activation_bytes(3));
    }
  }
}

TEST(ArchitectureTest, AModelHasItsLearnedTemperature) {
  const std::vector<features::FittedFeature> features = {feature("id:lookup", 9)};
  const TwoTower model(features, features, {.layers = {2}}, 1, {},
                       {.temperature = 0.25F, .learned_temperature = true});
  const DenseLayout::Place& place = model.dense().layout().place(log_temperature);
  EXPECT_EQ(place.in(model.dense().values())(0, 0), std::log(0.25F));
  EXPECT_EQ(place.offset + 1, model.dense().size());
  const TwoTower fixed(features, features, {.layers = {2}}, 1, {}, {.temperature = 0.25F});
  EXPECT_EQ(fixed.dense().size() + 1, model.dense().size());
}

TEST(ArchitectureTest, RefusesVectorsOfTwoWidths) {
  EXPECT_THROW(architecture_of({.layers = {}}), base::InternalError);
}

}  // namespace
}  // namespace gemel::model
