#include "checkpoint/long_texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "support/any_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using Texts = std::vector<std::string>;

TEST(LongTextsTest, AreCutBetweenCharacters) {
  const Texts texts = {"short", "", "Amélie Amélie", "七人の侍"};
  const CutTexts cut = cut_texts(texts, 10, 6);
  EXPECT_THAT(cut.beginnings, testing::ElementsAre("short", "", "Améli", "七人"));
  EXPECT_THAT(cut.rest, testing::ElementsAre("e Amé", "lie", "の侍"));
  EXPECT_THAT(cut.rest_rows, testing::ElementsAre(12, 12, 13));
  // What is not UTF-8 is cut anywhere, and nothing is lost.
  const CutTexts bytes = cut_texts(Texts{std::string(25, '\xbf')}, 0, 10);
  EXPECT_EQ(bytes.beginnings[0] + bytes.rest[0] + bytes.rest[1], std::string(25, '\xbf'));
}

class LongTextsFileTest : public testing::Test {
 protected:
  /// This rank's block of the texts.
  std::pair<std::size_t, Texts> block_of(const Texts& all) const {
    const auto border = [&](int rank) {
      return all.size() * static_cast<std::size_t>(rank) / static_cast<std::size_t>(world_.size());
    };
    const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
    return {border(world_.rank()), Texts(at(border(world_.rank())), at(border(world_.rank() + 1)))};
  }

  /// Writes texts of which each rank has a block, reads them in three ways, and returns the size of the file.
  std::size_t write_and_read(const Texts& all) {
    const std::filesystem::path path = directory_.path() / ("texts-" + std::to_string(files_++) + ".h5");
    const auto [first, own] = block_of(all);
    CheckpointWriter writer(path, world_);
    writer.write_rows("/catalogue/label", all.size(), first, std::span<const std::string>(own));
    writer.commit();
    CheckpointReader reader(path, world_, any_file());
    reader.verify();
    EXPECT_EQ(reader.read_vector<std::string>("/catalogue/label"), all);
    EXPECT_EQ(reader.read_strings("/catalogue/label", first, own.size()), own);
    const std::size_t last = all.size() - 1;
    EXPECT_EQ(reader.read_strings("/catalogue/label", last, 1), Texts{all[last]});
    is_cut_ = reader.has("/catalogue/label_rest");
    return std::filesystem::file_size(path);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  int files_ = 0;
  bool is_cut_ = false;
};

std::size_t bytes_of(const Texts& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();
  return bytes;
}

Texts titles(std::size_t count) {
  Texts texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back("Film number " + std::to_string(i) + " (1995)");
  return texts;
}

TEST_F(LongTextsFileTest, OrdinaryOnesAreWhole) {
  Texts texts = titles(2000);
  texts[1500] = std::string(256, 'l');
  write_and_read(texts);
  EXPECT_FALSE(is_cut_);
}

TEST_F(LongTextsFileTest, OneThatIsVeryLongDoesNotMakeAllRowsAsWide) {
  Texts texts = titles(2000);
  for (const std::size_t place : {std::size_t{0}, std::size_t{777}, std::size_t{1999}}) {
    Texts with_long = texts;
    with_long[place].clear();
    for (int i = 0; i < 32'000; ++i) with_long[place] += "侍";  // 96 kB
    constexpr std::size_t structures = 20'000;  // of an HDF5 file with three datasets and their checksums
    EXPECT_LE(write_and_read(with_long), 2 * bytes_of(with_long) + structures);
    EXPECT_TRUE(is_cut_);
  }
}

TEST_F(LongTextsFileTest, ManyLongOnesAreKeptWithinTwiceTheirBytes) {
  Texts texts = titles(500);
  for (std::size_t i = 0; i < 500; i += 3)
    texts[i] = std::string(40 * i + 300, static_cast<char>('a' + i % 26));
  EXPECT_LE(write_and_read(texts), 2 * bytes_of(texts) + 20'000);
  write_and_read({std::string(100'000, 'x')});
  EXPECT_FALSE(is_cut_) << "a single one is as wide as it is long";
}

}  // namespace
}  // namespace gemel::checkpoint
