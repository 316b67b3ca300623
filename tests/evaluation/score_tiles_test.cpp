#include "evaluation/score_tiles.hpp"

#include <gtest/gtest.h>

#include "support/lanes.hpp"

namespace gemel::evaluation {
namespace {

TEST(ShardOfRankTest, ShardsTileTheCatalogue) {
  for (const std::size_t catalogue : {0U, 1U, 3U, 1000U, 1682U}) {
    for (int ranks = 1; ranks <= 8; ++ranks) {
      std::size_t next = 0;
      for (int rank = 0; rank < ranks; ++rank) {
        const Shard shard = shard_of_rank(catalogue, ranks, rank);
        EXPECT_EQ(shard.first, next);
        next += shard.count;
      }
      EXPECT_EQ(next, catalogue);
    }
  }
}

/// However wide the vectors are, and wherever a candidate stands.
TEST(ScoreTilesTest, PairsHaveTheBitsOfTheirTiles) {
  onednn::Runtime runtime(1);
  for (const std::size_t dim : {1U, 7U, 32U, 100U, 513U, 1500U}) {
    const Shard shard{1000, 2100};
    tensor::Matrix candidates(shard.count, dim);
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates.data()[i] = test::number(1, i);
    ScoreTiles tiles(runtime, shard, candidates.view());
    for (const std::size_t count : {1U, 64U}) {
      tensor::Matrix queries(count, dim);
      for (std::size_t i = 0; i < queries.size(); ++i) queries.data()[i] = test::number(2, i);
      std::vector<std::int32_t> rows;
      for (std::size_t i = 0; i < count; ++i)
        rows.push_back(static_cast<std::int32_t>(1000 + i * 397 % 2100));
      std::vector<float> scores(count);
      tiles.score_pairs(queries.view(), rows, scores, 0);
      std::size_t found = 0;
      tiles.for_each_tile(queries.view(), 0,
                          [&](std::size_t first_row, std::size_t columns, tensor::ConstMatrixView tile) {
                            for (std::size_t i = 0; i < count; ++i) {
                              const auto column = static_cast<std::size_t>(rows[i]) - first_row;
                              if (column >= columns) continue;
                              EXPECT_EQ(scores[i], tile(i, column)) << dim << " wide, row " << rows[i];
                              ++found;
                            }
                          });
      EXPECT_EQ(found, count);
    }
    // For either count one tile of pairs, and three for 2100 candidates.
    EXPECT_EQ(tiles.flops(), static_cast<std::int64_t>(2 * (1 + 3) * 2 * 64 * 1024 * dim));
  }
}

}  // namespace
}  // namespace gemel::evaluation
