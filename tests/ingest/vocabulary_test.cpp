#include "ingest/vocabulary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ingest/distinct_strings.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"

namespace gemel::ingest {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Texts = std::vector<std::string>;

/// "[UNK]", then the distinct texts by (hash, text).
Texts naive_vocabulary(Texts texts) {
  std::sort(texts.begin(), texts.end(), [](const std::string& a, const std::string& b) {
    return std::make_pair(XXH3_64bits(a.data(), a.size()), a) <
           std::make_pair(XXH3_64bits(b.data(), b.size()), b);
  });
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  texts.insert(texts.begin(), "[UNK]");
  return texts;
}

class Directory : public testing::Test {
 protected:
  VocabularyDirectory make(const Texts& mine) {
    return {distinct_strings(make_column(mine)), world_, "feature \"x\""};
  }
  VocabularyDirectory grow(const Texts& mine, const VocabularyBlock& stored, bool freeze = false) {
    return {distinct_strings(make_column(mine)), stored, freeze, world_, "feature \"x\""};
  }
  /// Expects the rows of `directory` to be those of `vocabulary`, by every way to ask.
  void expect_rows(const VocabularyDirectory& directory, const Texts& vocabulary) {
    EXPECT_EQ(directory.rows(), static_cast<std::int64_t>(vocabulary.size()));
    EXPECT_EQ(whole(directory.block(world_), world_), vocabulary);
    // Every rank asks for another part, with an unknown one amid it.
    Texts asked = {"nobody is called so"};
    std::vector<std::uint32_t> expected = {0};
    for (std::size_t row = 1 + static_cast<std::size_t>(world_.rank()); row < vocabulary.size(); row += 2) {
      asked.push_back(vocabulary[row]);
      expected.push_back(static_cast<std::uint32_t>(row));
    }
    const DistinctStrings distinct = distinct_strings(make_column(asked));
    const auto rows = directory.rows_of(distinct, world_);
    for (std::size_t i = 0; i < asked.size(); ++i)
      EXPECT_EQ(rows[distinct.places[i]], expected[i]) << asked[i];
  }

  mpi::Communicator world_ = mpi::Communicator::world();
};

TEST_F(Directory, NumbersDistinctStringsByHashWhereverTheyAre) {
  Texts all;
  for (int i = 0; i < 500; ++i) all.push_back("user " + std::to_string(i * i % 101));
  expect_rows(make(block_of(all, world_)), naive_vocabulary(all));
  std::reverse(all.begin(), all.end());
  expect_rows(make(block_of(all, world_)), naive_vocabulary(all));
  expect_rows(make(all), naive_vocabulary(all));  // every rank has all of them
}

TEST_F(Directory, TakesStringsOfAnySort) {
  const Texts all = {"", "x", std::string("a\0b", 3), "", "\xc3\xa9", "[UNK]", "line\nbreak"};
  expect_rows(make(block_of(all, world_)), naive_vocabulary(all));
}

TEST_F(Directory, TakesRanksWithoutStringsAndFewerStringsThanRanks) {
  const Texts all = {"b", "a", "b"};
  expect_rows(make(world_.rank() == world_.size() - 1 ? all : Texts{}), naive_vocabulary(all));
  expect_rows(make({}), {"[UNK]"});
}

TEST_F(Directory, CountsOccurrences) {
  Texts all;
  for (int i = 0; i < 60; ++i) all.push_back(std::to_string(i * i % 17));
  std::map<std::string, std::int64_t> count_of;
  for (const auto& text : all) ++count_of[text];
  const VocabularyDirectory directory = make(block_of(all, world_));
  for (std::size_t i = 0; i < directory.owned().size(); ++i) {
    EXPECT_EQ(directory.owned().counts[i], count_of.at(std::string(directory.owned().strings[i])));
  }
  EXPECT_EQ(directory.added(), static_cast<std::int64_t>(count_of.size()));
}

TEST_F(Directory, KeepsStoredRowsAndAppendsNewStringsInTheirOwnOrder) {
  // Not in the order of hashes: as after an earlier growth.
  const Texts stored = {"[UNK]", "zoe", "ann", "", "bob", "[UNK]"};
  const Texts seen = {"carl", "ann", "dora", "", "dora", "emil", "fay", "carl"};
  Texts expected = stored;
  for (const auto& text : naive_vocabulary({"carl", "dora", "emil", "fay"})) {
    if (text != "[UNK]") expected.push_back(text);
  }
  const VocabularyDirectory directory = grow(block_of(seen, world_), own_block(make_column(stored), world_));
  EXPECT_EQ(directory.added(), 4);
  expect_rows(directory, expected);

  const VocabularyDirectory again = grow({"gus"}, directory.block(world_));
  EXPECT_EQ(again.added(), 1);
  expected.emplace_back("gus");
  expect_rows(again, expected);
}

TEST_F(Directory, MakesNewStringsUnknownWhenFrozen) {
  const Texts stored = {"[UNK]", "zoe", "ann"};
  const VocabularyDirectory directory = grow({"ann", "carl"}, own_block(make_column(stored), world_), true);
  EXPECT_EQ(directory.added(), 0);
  expect_rows(directory, stored);
  const DistinctStrings asked = distinct_strings(make_column({"carl", "zoe"}));
  const auto rows = directory.rows_of(asked, world_);
  EXPECT_EQ(rows[asked.places[0]], 0U);
  EXPECT_EQ(rows[asked.places[1]], 1U);
}

TEST_F(Directory, RefusesStoredVocabulariesThatCannotBe) {
  const auto code_of = [&](const VocabularyBlock& stored) {
    const Failure failure = failure_of([&] { grow({"a"}, stored); });
    EXPECT_THAT(failure.message, StartsWith("feature \"x\": its stored vocabulary"));
    return failure.code;
  };
  EXPECT_EQ(code_of(own_block(make_column({"[UNK]", "a", "b", "a"}), world_)), base::ExitCode::checkpoint);
  VocabularyBlock short_block = own_block(make_column({"[UNK]", "a", "b"}), world_);
  ++short_block.rows;
  EXPECT_EQ(code_of(short_block), base::ExitCode::checkpoint);
  EXPECT_EQ(code_of({}), base::ExitCode::checkpoint);
}

TEST(TableRows, AreAtMostWhat32BitsNumber) {
  check_table_rows(4'294'967'295, "feature");
  const Failure failure = failure_of([] { check_table_rows(4'294'967'296, "feature \"u:lookup:8\""); });
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message, StartsWith("feature \"u:lookup:8\": the data has 4294967296 rows"));
  EXPECT_THAT(failure.message, HasSubstr("hash(N)"));
}

TEST(RowMapTest, FindsRowsButNotSpecialOnes) {
  const StringColumn strings = make_column({"[UNK]", "b", "a"});
  const RowMap rows = make_row_map(strings, 1);
  EXPECT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.at("b"), 1U);
  EXPECT_EQ(rows.at("a"), 2U);
  EXPECT_FALSE(rows.contains("[UNK]"));
}

}  // namespace
}  // namespace gemel::ingest
