#include "ingest/reading_progress.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ingest/text_share.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

TEST(ReadingProgress, GoesFromTheFirstPieceToAllBytes) {
  auto world = mpi::Communicator::world();
  TemporaryDirectory directory(world);
  constexpr int lines = 400'000;
  std::string text;
  for (int line = 0; line < lines; ++line) text += "user,item,3.5,123456789\n";
  const std::filesystem::path path = directory.write("ratings.csv", text);
  std::vector<ReadingProgress> told;
  {
    const ReadingWatch watch([&](const ReadingProgress& progress) { told.push_back(progress); });
    const std::vector<TextShare> texts = open_texts(std::span(&path, 1), world);
    ASSERT_FALSE(told.empty());
    EXPECT_FALSE(told.back().is_complete());
    texts.front().for_each_line([](const Line&) {});
  }
  const std::size_t before = told.size();
  note_reading(1);  // nobody watches any more
  EXPECT_EQ(told.size(), before);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].all, lines * 24U);
    EXPECT_GT(told[i].done, i == 0 ? 0 : told[i - 1].done);
  }
  EXPECT_TRUE(told.back().is_complete());
  EXPECT_EQ(told.back().done, told.back().all);
}

TEST(ReadingProgress, OfUnknownLengthHasNoEnd) {
  std::vector<ReadingProgress> told;
  const ReadingWatch watch([&](const ReadingProgress& progress) { told.push_back(progress); });
  note_reading(1'000'000);
  note_reading(500'000);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].done, 1'500'000U);
  EXPECT_EQ(told[1].all, 0U);
  EXPECT_FALSE(told[1].is_complete());
}

}  // namespace
}  // namespace gemel::ingest
