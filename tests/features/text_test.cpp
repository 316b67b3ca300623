#include "features/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "support/columns.hpp"

namespace gemel::features {
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

/// The vocabulary of the tokens of `texts`, of which each rank has a block. Collective.
std::vector<std::string> vocabulary_of(const std::vector<std::string>& texts, std::int64_t max_rows,
                                       const std::vector<std::string>& stored = {}) {
  auto world = mpi::Communicator::world();
  Tokenizer tokenize;
  ingest::StringColumn tokens;
  for (const std::string& text : block_of(texts, world)) {
    for (const std::string_view token : tokenize(text)) tokens.push_back(token);
  }
  return build_text_vocabulary(ingest::distinct_strings(tokens), max_rows, make_column(stored), world)
      .texts();
}

TEST(TextVocabulary, OrdersByCountThenBytesBothDescending) {
  EXPECT_THAT(vocabulary_of({"B a", "the b", "the", "c THE!", "\xc3\xa9", "zz b"}, 100),
              ElementsAre("", "[UNK]", "the", "b", "\xc3\xa9", "zz", "c", "a"));
}

TEST(TextVocabulary, KeepsTheMostFrequent) {
  EXPECT_THAT(vocabulary_of({"a a a", "b b", "b a", "c", "d d"}, 4), ElementsAre("", "[UNK]", "a", "b"))
      << "a occurs four times, b three";
}

TEST(TextVocabulary, GrowsByTheMostFrequentNewTokensWhileThereIsRoom) {
  const std::vector<std::string> stored = {"", "[UNK]", "x", "a"};
  const std::vector<std::string> texts = {"c a a", "b c", "d x", "b c", "d e"};
  EXPECT_THAT(vocabulary_of(texts, 100, stored), ElementsAre("", "[UNK]", "x", "a", "c", "d", "b", "e"));
  EXPECT_THAT(vocabulary_of(texts, 6, stored), ElementsAre("", "[UNK]", "x", "a", "c", "d"));
  EXPECT_EQ(vocabulary_of(texts, 4, stored), stored);
}

TEST(SplitList, TrimsPartsAndDropsEmptyOnes) {
  EXPECT_THAT(split_list("Action|Comedy", "|"), ElementsAre("Action", "Comedy"));
  EXPECT_THAT(split_list(" | Film Noir\t||x|", "|"), ElementsAre("Film Noir", "x"));
  EXPECT_THAT(split_list("a, b,c", ", "), ElementsAre("a", "b,c"));
  EXPECT_THAT(split_list("a::b:c", "::"), ElementsAre("a", "b:c"));
  EXPECT_THAT(split_list("one  two", " "), ElementsAre("one", "two"));
  EXPECT_THAT(split_list("a|a", "|"), ElementsAre("a", "a"));
  EXPECT_THAT(split_list("", "|"), IsEmpty());
  EXPECT_THAT(split_list(" || ", "|"), IsEmpty());
}

}  // namespace
}  // namespace gemel::features
