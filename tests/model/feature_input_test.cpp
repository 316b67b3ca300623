#include "model/feature_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "support/lanes.hpp"

namespace gemel::model {
namespace {

features::FittedFeature feature(const char* declaration, std::int64_t vocabulary_rows = 0) {
  features::FittedFeature result;
  result.spec = features::parse_feature(declaration, 1);
  result.vocabulary.rows = vocabulary_rows;
  return result;
}

// Columns of the input: 0-1 lookup, 2 normalize, 3-5 text, 6 bucketize.
std::vector<features::FittedFeature> features() {
  return {feature("user:lookup:2", 5), feature("time:normalize"), feature("title:text(6):3", 6),
          feature("time:bucketize(3):1")};
}

const std::vector<std::vector<std::uint32_t>> token_lists = {{1, 2, 3, 4}, {}, {5}, {2, 2, 0}};

/// 12 rows; row i has list i % 4.
features::FeatureRows feature_rows() {
  features::FeatureRows rows;
  rows.features = 4;
  rows.lists = {2};
  std::vector<std::uint32_t> places;
  for (const auto& tokens : token_lists) places.push_back(rows.add_list(tokens));
  for (std::uint32_t i = 0; i < 12; ++i) {
    for (const std::uint32_t word :
         {i * 3 % 5, std::bit_cast<std::uint32_t>(test::number(9, i)), places[i % 4], i * i % 4}) {
      rows.words.push_back(word);
    }
  }
  return rows;
}

const std::vector<std::int32_t> selection = {3, 0, -1, 3, 11, 5, -1, 6, 1};

std::vector<EmbeddingTable> tables_of(const FeatureInput& input) {
  std::vector<EmbeddingTable> tables;
  for (const TableShape& shape : input.tables()) tables.emplace_back(shape, exchange::TablePlacements{}, 1);
  return tables;
}

std::vector<exchange::ReachableRows> whole(const std::vector<EmbeddingTable>& tables) {
  std::vector<exchange::ReachableRows> reachable;
  for (const EmbeddingTable& table : tables) reachable.emplace_back(table.weights().view());
  return reachable;
}

TEST(FeatureInputTest, HasATableForEachFeatureButNumbers) {
  const FeatureInput input(features(), "query", 0.05F);
  ASSERT_EQ(input.tables().size(), 3U);
  EXPECT_EQ(input.width(), 7U);
  EXPECT_EQ(input.tables()[0].name, "query/tables/user_lookup");
  EXPECT_EQ(input.tables()[0].rows, 5);
  EXPECT_EQ(input.tables()[1].rows, 6);
  EXPECT_EQ(input.tables()[1].dim, 3U);
  EXPECT_EQ(input.tables()[2].rows, 4);
}

TEST(FeatureInputTest, ConcatenatesEmbeddingsNumbersAndMeans) {
  const FeatureInput input(features(), "query", 0.05F);
  tensor::Matrix result(selection.size(), 7);
  std::fill_n(result.data(), result.size(), 42.0F);
  const auto rows = feature_rows();
  const std::vector<EmbeddingTable> tables = tables_of(input);
  input.forward(rows, selection, whole(tables), result.view());
  for (std::size_t i = 0; i < selection.size(); ++i) {
    if (selection[i] < 0) {
      for (const float value : result.row(i)) EXPECT_EQ(value, 0.0F);
      continue;
    }
    const auto row = static_cast<std::uint32_t>(selection[i]);
    for (std::size_t j = 0; j < 2; ++j) EXPECT_EQ(result(i, j), tables[0].weights()(row * 3 % 5, j));
    EXPECT_EQ(result(i, 2), test::number(9, row));
    for (std::size_t j = 0; j < 3; ++j) {
      const auto& tokens = token_lists[row % 4];
      double mean = 0;
      for (const std::uint32_t token : tokens) {
        mean += static_cast<double>(tables[1].weights()(token, j)) / static_cast<double>(tokens.size());
      }
      EXPECT_NEAR(result(i, 3 + j), mean, 1e-8);
    }
    EXPECT_EQ(result(i, 6), tables[2].weights()(row * row % 4, 0));
  }
}

TEST(FeatureInputTest, KnowsWhichTableRowsASelectionTouches) {
  const FeatureInput input(features(), "query", 0.05F);
  std::set<std::int64_t> truth[3];
  for (const std::int32_t row : selection) {
    if (row < 0) continue;
    truth[0].insert(row * 3 % 5);
    const auto& tokens = token_lists[static_cast<std::size_t>(row % 4)];
    truth[1].insert(tokens.begin(), tokens.end());
    truth[2].insert(row * row % 4);
  }
  for (std::size_t table = 0; table < 3; ++table) {
    std::vector<std::int64_t> touched;
    input.touched_rows(feature_rows(), selection, table, touched);
    EXPECT_EQ(std::set<std::int64_t>(touched.begin(), touched.end()), truth[table]);
  }
}

TEST(FeatureInputTest, GradientsAreThoseOfTheTouchedRowsAddedUp) {
  const FeatureInput input(features(), "query", 0.05F);
  const auto rows = feature_rows();
  tensor::Matrix gradient(selection.size(), 7);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient.data()[i] = test::number(4, i);
  std::map<std::int64_t, std::vector<double>> truth[3];  // table row -> sum
  const auto add = [&](std::size_t table, std::int64_t row, std::size_t example, std::size_t column,
                       std::size_t dim, double factor) {
    auto& sum = truth[table][row];
    sum.resize(dim, 0.0);
    for (std::size_t j = 0; j < dim; ++j)
      sum[j] += factor * static_cast<double>(gradient(example, column + j));
  };
  for (std::size_t i = 0; i < selection.size(); ++i) {
    const std::int64_t row = selection[i];
    if (row < 0) continue;
    add(0, row * 3 % 5, i, 0, 2, 1.0);
    const auto& tokens = token_lists[static_cast<std::size_t>(row % 4)];
    for (const std::uint32_t token : tokens) add(1, token, i, 3, 3, 1.0 / static_cast<double>(tokens.size()));
    add(2, row * row % 4, i, 6, 1, 1.0);
  }

  std::vector<exchange::RowGradient> found(3);
  FeatureInput::Scratch scratch;
  for (int repetition = 0; repetition < 2; ++repetition) {
    input.backward(rows, selection, gradient.view(), {}, found, scratch);
    for (std::size_t table = 0; table < 3; ++table) {
      ASSERT_EQ(found[table].rows.size(), truth[table].size());
      std::size_t place = 0;
      for (const auto& [row, sum] : truth[table]) {  // ascending
        EXPECT_EQ(found[table].rows[place], row);
        for (std::size_t j = 0; j < sum.size(); ++j) EXPECT_NEAR(found[table].values(place, j), sum[j], 1e-6);
        ++place;
      }
    }
  }
}

// A hash feature is a row as a lookup is, a list the mean of its rows as text is; an empty list gives zeros and no gradient.
TEST(FeatureInputTest, TakesHashesAndLists) {
  const FeatureInput input({feature("user:hash(6):2"), feature("genres:list(|):3", 4)}, "candidate", 0.05F);
  ASSERT_EQ(input.tables().size(), 2U);
  EXPECT_EQ(input.tables()[0].name, "candidate/tables/user_hash");
  EXPECT_EQ(input.tables()[0].rows, 6);
  EXPECT_EQ(input.tables()[1].name, "candidate/tables/genres_list");
  EXPECT_EQ(input.tables()[1].rows, 4);
  features::FeatureRows rows;
  rows.features = 2;
  rows.lists = {1};
  const std::vector<std::uint32_t> parts = {3, 1};
  rows.words = {5, rows.add_list(parts), 2, rows.add_list({})};
  const std::vector<std::int32_t> both = {0, 1};
  tensor::Matrix result(2, 5);
  const std::vector<EmbeddingTable> tables = tables_of(input);
  input.forward(rows, both, whole(tables), result.view());
  const tensor::Matrix& hash = tables[0].weights();
  const tensor::Matrix& list = tables[1].weights();
  for (std::size_t j = 0; j < 2; ++j) {
    EXPECT_EQ(result(0, j), hash(5, j));
    EXPECT_EQ(result(1, j), hash(2, j));
  }
  for (std::size_t j = 0; j < 3; ++j) {
    EXPECT_FLOAT_EQ(result(0, 2 + j), (list(3, j) + list(1, j)) / 2);
    EXPECT_EQ(result(1, 2 + j), 0.0F);
  }

  tensor::Matrix gradient(2, 5);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient.data()[i] = static_cast<float>(i + 1);
  std::vector<exchange::RowGradient> found(2);
  FeatureInput::Scratch scratch;
  input.backward(rows, both, gradient.view(), {}, found, scratch);
  EXPECT_EQ(found[0].rows, (std::vector<std::int64_t>{2, 5}));
  EXPECT_EQ(found[0].values(0, 0), 6.0F);
  EXPECT_EQ(found[0].values(1, 0), 1.0F);
  EXPECT_EQ(found[1].rows, (std::vector<std::int64_t>{1, 3}));
  for (std::size_t row = 0; row < 2; ++row) EXPECT_EQ(found[1].values(row, 0), 1.5F);
}

}  // namespace
}  // namespace gemel::model
