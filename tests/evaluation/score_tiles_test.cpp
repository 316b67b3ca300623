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

tensor::Matrix numbers(std::size_t rows, std::size_t cols, std::uint64_t stream) {
  tensor::Matrix matrix(rows, cols);
  for (std::size_t i = 0; i < matrix.size(); ++i) matrix.data()[i] = test::number(stream, i);
  return matrix;
}

/// However wide the vectors are, wherever a candidate stands, and whatever else is scored.
TEST(ScoreTilesTest, ScoresAreThoseOfDoublesAndHaveTheSameBitsEverywhere) {
  for (const std::size_t dim : {1U, 7U, 32U, 100U, 513U}) {
    const Shard shard{1000, 1100};
    const tensor::Matrix candidates = numbers(shard.count, dim, 1);
    ScoreTiles tiles(shard, candidates.view());
    for (const std::size_t count : {1U, 5U, 6U, 12U, 23U}) {
      const tensor::Matrix queries = numbers(count, dim, 2);
      std::vector<std::size_t> next(count, shard.first);
      tiles.for_each(queries.view(), [&](std::size_t i, std::size_t first_row, std::span<float> scores) {
        EXPECT_EQ(first_row, next[i]);
        next[i] += scores.size();
        for (std::size_t j = 0; j < scores.size(); ++j) {
          EXPECT_EQ(scores[j], tiles.score(queries.row(i), first_row + j))
              << dim << " wide, " << first_row + j;
          double sum = 0;
          for (std::size_t value = 0; value < dim; ++value)
            sum += static_cast<double>(queries(i, value)) * candidates(first_row + j - shard.first, value);
          EXPECT_NEAR(scores[j], sum, 1e-6 * static_cast<double>(dim));
        }
      });
      for (const std::size_t end : next) EXPECT_EQ(end, shard.first + shard.count);
    }
  }
}

TEST(ScoreTilesTest, CountsOperations) {
  const tensor::Matrix candidates = numbers(700, 8, 1);
  ScoreTiles tiles({0, 700}, candidates.view());
  tiles.for_each(candidates.view().middle_rows(0, 13), [](std::size_t, std::size_t, std::span<float>) {});
  EXPECT_EQ(tiles.flops(), 2 * 13 * 700 * 8);
}

TEST(CutForThreadsTest, CutsEvenlyIntoPartsOfBoundedSize) {
  for (const std::size_t queries : {0U, 1U, 191U, 192U, 193U, 1024U, 8192U}) {
    for (int threads = 1; threads <= 4; ++threads) {
      const base::EvenCuts parts = cut_for_threads(queries, threads);
      EXPECT_EQ(parts.size(), static_cast<std::int64_t>(queries));
      EXPECT_EQ(parts.parts() % threads, 0);
      for (int part = 0; part < parts.parts(); ++part)
        EXPECT_LE(parts.start(part + 1) - parts.start(part), 192);
    }
  }
}

}  // namespace
}  // namespace gemel::evaluation
