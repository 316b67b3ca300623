#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/two_tower.hpp"

namespace gemel::model {
namespace {

features::FittedFeature feature(const std::string& declaration, std::int64_t rows) {
  features::FittedFeature feature;
  feature.spec = features::parse_feature(declaration, 4);
  feature.vocabulary.rows = rows;
  return feature;
}

/// How many of its rows a table begins with that are 0.
std::int64_t rows_of_zeros(const EmbeddingTable& table) {
  for (std::int64_t row = table.held().first; row < table.held().last; ++row) {
    if (!std::ranges::all_of(table.row(row), [](float weight) { return weight == 0.0F; }))
      return row - table.held().first;
  }
  return table.held().size();
}

TwoTower model_on(const exchange::TablePlacements& placements = {}) {
  const std::vector<features::FittedFeature> features = {
      feature("id:lookup", 9), feature("time:bucketize(7)", 0), feature("id:hash(8)", 0)};
  const std::vector<features::FittedFeature> candidate_features = {
      feature("title:lookup", 9), feature("title:text(20)", 9), feature("genres:list(|)", 9)};
  return {features, candidate_features, {.layers = {2}}, 1, placements};
}

TEST(UnknownRowsTest, BeginAtZeroAndOthersDoNot) {
  const TwoTower model = model_on();
  const std::vector<const EmbeddingTable*> tables = model.tables();
  const std::vector<std::int64_t> expected = {1, 0, 0, 1, 2, 1};  // text has a row for padding, too
  ASSERT_EQ(tables.size(), expected.size());
  for (std::size_t i = 0; i < tables.size(); ++i)
    EXPECT_EQ(rows_of_zeros(*tables[i]), expected[i]) << tables[i]->name();
}

TEST(UnknownRowsTest, AreOfTheFirstShardAlone) {
  for (int rank = 0; rank < 3; ++rank) {
    const TwoTower model = model_on({3, rank, {"query/tables/id_lookup", "candidate/tables/title_text"}});
    const std::vector<const EmbeddingTable*> tables = model.tables();
    EXPECT_EQ(rows_of_zeros(*tables[0]), rank == 0 ? 1 : 0);
    EXPECT_EQ(rows_of_zeros(*tables[4]), rank == 0 ? 2 : 0);
  }
}

}  // namespace
}  // namespace gemel::model
