#include "gemel/ingest/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "ingest/support.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Tokenizer, LowersStripsAndSplits) {
  Tokenizer tokenize;
  EXPECT_THAT(tokenize("Toy Story (1995)"), ElementsAre("toy", "story", "1995"));
  EXPECT_THAT(tokenize("Schindler's List"), ElementsAre("schindlers", "list"));
  EXPECT_THAT(tokenize("Spider-Man: 2.0"), ElementsAre("spiderman", "20"));
  EXPECT_THAT(tokenize("  a\tb\nc\vd\fe\r f  "), ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_THAT(tokenize("a - b"), ElementsAre("a", "b"));
  EXPECT_THAT(tokenize(""), IsEmpty());
  EXPECT_THAT(tokenize(" ?!.  "), IsEmpty());
}

TEST(Tokenizer, LeavesAllButAsciiAlone) {
  Tokenizer tokenize;
  EXPECT_THAT(tokenize("CAF\xc3\x89 \xc2\xbf"), ElementsAre("caf\xc3\x89", "\xc2\xbf"));
}

TEST(Tokenizer, DropsExactlyThePunctuationOfTheCLocale) {
  Tokenizer tokenize;
  int dropped = 0;
  for (int c = 33; c < 127; ++c) {
    const bool gone = tokenize(std::string(1, static_cast<char>(c))).empty();
    EXPECT_EQ(gone, std::ispunct(c) != 0) << c;
    dropped += gone ? 1 : 0;
  }
  EXPECT_EQ(dropped, 32);
}

TEST(TextVocabulary, OrdersByCountThenBytesBothDescending) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"B a", "the b", "the", "c THE!", "\xc3\xa9", "zz b"};
  EXPECT_THAT(build_text_vocabulary(make_column(block_of(all, world)), 100, world),
              ElementsAre("", "[UNK]", "the", "b", "\xc3\xa9", "zz", "c", "a"));
}

TEST(TextVocabulary, KeepsTheMostFrequent) {
  auto world = mpi::Communicator::world();
  const std::vector<std::string> all = {"a a a", "b b", "b a", "c", "d d"};
  EXPECT_THAT(build_text_vocabulary(make_column(block_of(all, world)), 4, world),
              ElementsAre("", "[UNK]", "a", "b"))
      << "a occurs four times, b three";
}

}  // namespace
}  // namespace gemel::ingest
