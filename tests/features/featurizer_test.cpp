#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "features/featurizer.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/synthetic.hpp"
#include "support/columns.hpp"
#include "support/data.hpp"
#include "support/failure.hpp"

namespace gemel::features {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<FeatureSpec> parse_all(const std::vector<std::string>& declarations) {
  std::vector<FeatureSpec> specs;
  for (const auto& declaration : declarations) specs.push_back(parse_feature(declaration, 32));
  return specs;
}

const std::vector<std::string> query_features = {"user_id:lookup", "timestamp:bucketize(1000)",
                                                 "timestamp:normalize"};
const std::vector<std::string> candidate_features = {"title:lookup", "title:text(10000)"};

float as_float(std::uint32_t word) {
  return std::bit_cast<float>(word);
}

ingest::Columns make_columns() {
  ingest::Columns columns;
  columns.rows = 4;
  columns.strings["name"] = make_column({"ann", "bob", "ann", "[UNK]"});
  columns.strings["title"] = make_column({"A b", "", "B b c!", "a"});
  columns.numbers["time"] = {10, 0, 20, 30};
  return columns;
}

/// What a feature has learnt beside its vocabulary.
nlohmann::ordered_json learnt_by(const FittedFeature& feature) {
  nlohmann::ordered_json entry;
  feature.spec.kind->write(entry);
  return entry;
}

/// Features learnt from `columns` by one rank alone, and its rows.
FeaturisedColumns featurize_alone(const std::vector<std::string>& declarations,
                                  const ingest::Columns& columns, const EarlierFeatures& earlier = {}) {
  auto self = mpi::Communicator::self();
  return featurize_columns(parse_all(declarations), columns, self, earlier);
}

/// The words of `columns` for features that were learnt from others, and learn nothing more.
FeatureRows words_of(const std::vector<FittedFeature>& features, const ingest::Columns& columns) {
  std::vector<std::string> declarations;
  for (const auto& feature : features) declarations.push_back(feature.spec.declaration());
  return featurize_alone(declarations, columns, {.features = &features, .freeze_vocabulary = true}).rows;
}

std::vector<std::uint32_t> list_of(const FeatureRows& rows, std::size_t row, std::size_t feature) {
  const std::span<const std::uint32_t> values = rows.values(row, feature);
  return {values.begin(), values.end()};
}

ingest::Columns column_of(const char* name, const std::vector<std::string>& texts) {
  ingest::Columns columns;
  columns.rows = texts.size();
  columns.strings[name] = make_column(texts);
  return columns;
}

ingest::Columns column_of(const char* name, const std::vector<std::int64_t>& numbers) {
  ingest::Columns columns;
  columns.rows = numbers.size();
  columns.numbers[name] = numbers;
  return columns;
}

TEST(Featurize, LookupGivesTheRowOfTheString) {
  const ingest::Columns columns = make_columns();
  const auto [features, rows] = featurize_alone({"name:lookup"}, columns);
  EXPECT_EQ(features[0].table_rows(), 4);
  EXPECT_EQ(features[0].added, 3);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GT(rows.words[i], 0U);  // even "[UNK]", when somebody is called so
    EXPECT_EQ(features[0].vocabulary.strings[rows.words[i]], columns.strings.at("name")[i]);
  }
  EXPECT_THAT(words_of(features, column_of("name", std::vector<std::string>{"carl"})).words, ElementsAre(0U));
}

TEST(Featurize, ALookupTakesNewValuesFromKnownRowsAlone) {
  auto self = mpi::Communicator::self();
  const ingest::Columns columns = column_of("name", {"ann", "bob", "ann", "cat"});
  const std::vector<bool> is_known = {false, true, true, false};  // ann and bob
  const auto learnt = featurize_columns(parse_all({"name:lookup"}), columns, self, {}, &is_known);
  EXPECT_EQ(learnt.features[0].vocabulary.rows, 3);
  EXPECT_EQ(learnt.rows.words[3], 0U) << "cat is unknown";
  EXPECT_EQ(learnt.rows.words[0], learnt.rows.words[2]);
  EXPECT_NE(learnt.rows.words[0], 0U);
  EXPECT_NE(learnt.rows.words[1], learnt.rows.words[0]);
  // What an earlier run knows stays known.
  const auto before = featurize_alone({"name:lookup"}, column_of("name", {"cat"})).features;
  const auto grown =
      featurize_columns(parse_all({"name:lookup"}), columns, self, {.features = &before}, &is_known);
  EXPECT_EQ(grown.rows.words[3], 1U);
  EXPECT_EQ(grown.features[0].added, 2);
}

TEST(Featurize, ListsAndTextsTakeNewPartsFromKnownRowsAlone) {
  auto self = mpi::Communicator::self();
  const ingest::Columns columns = column_of("name", {"cat ann", "bob ann", "cat cat cat"});
  const std::vector<bool> is_known = {false, true, false};  // ann and bob
  const auto [features, rows] =
      featurize_columns(parse_all({"name:list( )", "name:text(9)"}), columns, self, {}, &is_known);
  EXPECT_EQ(features[0].vocabulary.rows, 3);
  EXPECT_THAT(features[1].vocabulary.strings.texts(), ElementsAre("", "[UNK]", "bob", "ann"));
  EXPECT_THAT(list_of(rows, 0, 0), ElementsAre(0, rows.values(1, 0)[1]));
  EXPECT_THAT(list_of(rows, 1, 1), ElementsAre(2, 3));
  EXPECT_THAT(list_of(rows, 2, 1), ElementsAre(1, 1, 1));
}

TEST(Featurize, HashGivesTheHashOfTextOrDigitsModuloN) {
  const auto [features, rows] = featurize_alone({"name:hash(1000)", "time:hash(4e9)"}, make_columns());
  EXPECT_EQ(features[0].table_rows(), 1000);
  EXPECT_EQ(features[1].table_rows(), 4'000'000'000);
  EXPECT_EQ(features[0].vocabulary.rows, 0);
  const std::vector<std::string> names = {"ann", "bob", "ann", "[UNK]"};
  const std::vector<std::string> times = {"10", "0", "20", "30"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows.words[2 * i], XXH3_64bits(names[i].data(), names[i].size()) % 1000);
    EXPECT_EQ(rows.words[2 * i + 1], XXH3_64bits(times[i].data(), times[i].size()) % 4'000'000'000);
  }
  EXPECT_THAT(featurize_alone({"x:hash(1)"}, column_of("x", std::vector<std::int64_t>{-5, 7})).rows.words,
              ElementsAre(0, 0));
  EXPECT_EQ(featurize_alone({"x:hash(977)"}, column_of("x", std::vector<std::int64_t>{-5})).rows.words[0],
            XXH3_64bits("-5", 2) % 977);
}

TEST(Featurize, BucketizeCountsTheBoundariesNotAbove) {
  const auto features = featurize_alone({"time:bucketize(4)"}, make_columns()).features;
  EXPECT_EQ(features[0].table_rows(), 5);
  // The boundaries are 0, 10, 20, 30.
  const auto columns = column_of("time", std::vector<std::int64_t>{-1, 0, 9, 10, 19, 20, 29, 30, 1000});
  EXPECT_THAT(words_of(features, columns).words, ElementsAre(0, 1, 1, 2, 2, 3, 3, 4, 4));
}

TEST(Featurize, NormalizeGivesZScores) {
  const auto [features, rows] = featurize_alone({"time:normalize"}, make_columns());
  EXPECT_EQ(features[0].table_rows(), 0);
  EXPECT_EQ(learnt_by(features[0])["mean"].get<double>(), 15.0);
  EXPECT_EQ(learnt_by(features[0])["deviation"].get<double>(), std::sqrt(125.0));
  EXPECT_EQ(as_float(rows.words[3]), static_cast<float>(15 / std::sqrt(125.0)));
}

TEST(Featurize, NormalizeOfEqualNumbersIsZero) {
  const auto [features, rows] = featurize_alone({"time:normalize", "time:bucketize(3)"},
                                                column_of("time", std::vector<std::int64_t>{9, 9}));
  EXPECT_EQ(learnt_by(features[0])["deviation"].get<double>(), 1.0);
  EXPECT_EQ(as_float(rows.words[0]), 0.0F);
  EXPECT_EQ(rows.words[1], 3U);  // all boundaries are 9
}

TEST(Featurize, TextGivesListsOfTokens) {
  const auto [features, rows] = featurize_alone({"name:lookup", "title:text(4)"}, make_columns());
  EXPECT_THAT(features[1].vocabulary.strings.texts(),
              ElementsAre("", "[UNK]", "b", "a"));  // c has no place in four rows
  EXPECT_EQ(features[1].added, 2);
  EXPECT_EQ(rows.size(), 4U);
  EXPECT_THAT(rows.lists, ElementsAre(1U));
  EXPECT_THAT(list_of(rows, 0, 1), ElementsAre(3, 2));
  EXPECT_THAT(list_of(rows, 1, 1), ElementsAre());
  EXPECT_THAT(list_of(rows, 2, 1), ElementsAre(2, 2, 1));
  EXPECT_THAT(list_of(rows, 3, 1), ElementsAre(3));
}

TEST(Featurize, ListGivesTheRowsOfItsParts) {
  const std::vector<std::string> genres = {"Drama|War", "", " War | ", "Sci:Fi|Drama|Drama"};
  const auto [features, rows] = featurize_alone({"genres:list(|):4"}, column_of("genres", genres));
  const auto vocabulary = features[0].vocabulary.strings.texts();
  EXPECT_THAT(vocabulary, testing::UnorderedElementsAre("[UNK]", "Drama", "War", "Sci:Fi"));
  EXPECT_EQ(vocabulary[0], "[UNK]");
  EXPECT_EQ(features[0].added, 3);
  const auto parts = [&](std::size_t row) {
    std::vector<std::string> strings;
    for (const std::uint32_t part : rows.values(row, 0)) strings.push_back(vocabulary[part]);
    return strings;
  };
  EXPECT_THAT(parts(0), ElementsAre("Drama", "War"));
  EXPECT_THAT(parts(1), ElementsAre());
  EXPECT_THAT(parts(2), ElementsAre("War"));
  EXPECT_THAT(parts(3), ElementsAre("Sci:Fi", "Drama", "Drama"));

  const auto others = column_of("genres", std::vector<std::string>{"Opera|War"});
  EXPECT_THAT(list_of(words_of(features, others), 0, 0), ElementsAre(0, rows.values(2, 0)[0]));
}

// What was learnt from make_columns() goes on to rows that are spread over the ranks.
class Growth : public testing::Test {
 protected:
  FeaturisedColumns grow(bool freeze) {
    const auto first = featurize_columns(parse_all(declarations_), blocks_of(make_columns()), world_);
    return featurize_columns(parse_all(declarations_), blocks_of(more_), world_,
                             {.features = &first.features, .freeze_vocabulary = freeze});
  }
  /// This rank's block of all columns.
  ingest::Columns blocks_of(const ingest::Columns& all) {
    ingest::Columns mine;
    for (const auto& [name, column] : all.strings)
      mine.strings[name] = make_column(block_of(column.rows().texts(), world_));
    for (const auto& [name, column] : all.numbers) mine.numbers[name] = block_of(column, world_);
    mine.rows = mine.numbers.begin()->second.size();
    return mine;
  }
  std::vector<std::string> vocabulary(const FittedFeature& feature) {
    return whole(feature.vocabulary, world_);
  }
  static ingest::Columns make_more() {
    ingest::Columns columns;
    columns.rows = 3;
    columns.strings["name"] = make_column({"zoe", "ann", "carl"});
    columns.strings["title"] = make_column({"C d", "c a", "a e"});
    columns.numbers["time"] = {40, 10, -7};
    return columns;
  }

  const std::vector<std::string> declarations_ = {"name:lookup", "title:text(6)", "title:list( )",
                                                  "time:bucketize(4)", "time:normalize"};
  const ingest::Columns more_ = make_more();
  mpi::Communicator world_ = mpi::Communicator::world();
};

TEST_F(Growth, KeepsRowsAndStatisticsAndAppendsWhatIsNew) {
  const auto before = featurize_alone(declarations_, make_columns()).features;
  const auto [features, rows] = grow(false);
  auto names = before[0].vocabulary.strings.texts();
  const auto new_names =
      featurize_alone({"name:lookup"}, column_of("name", std::vector<std::string>{"zoe", "carl"}))
          .features[0]
          .vocabulary.strings.texts();
  names.insert(names.end(), new_names.begin() + 1, new_names.end());
  EXPECT_EQ(vocabulary(features[0]), names);
  EXPECT_EQ(features[0].added, 2);
  // b, a and c were known. Of d and e, each once, e goes first, and six rows have room for it alone.
  EXPECT_THAT(vocabulary(features[1]), ElementsAre("", "[UNK]", "b", "a", "c", "e"));
  EXPECT_EQ(features[1].added, 1);
  EXPECT_EQ(features[2].added, 4);  // "C", "d", "c", "e"; "a" was known
  EXPECT_EQ(features[2].table_rows(), before[2].table_rows() + 4);
  EXPECT_EQ(learnt_by(features[3])["minimum"].get<double>(), 0.0);
  EXPECT_EQ(learnt_by(features[3])["maximum"].get<double>(), 30.0);
  EXPECT_EQ(learnt_by(features[4])["mean"].get<double>(), 15.0);
  EXPECT_EQ(learnt_by(features[4])["deviation"].get<double>(), std::sqrt(125.0));

  // All rows as one rank has them.
  const FeatureRows all = all_gather_rows(rows, world_);
  ASSERT_EQ(all.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(names[all.words[5 * i]], more_.strings.at("name")[i]);
  }
  EXPECT_THAT(list_of(all, 0, 1), ElementsAre(4, 1));
  EXPECT_THAT(list_of(all, 1, 1), ElementsAre(4, 3));
  EXPECT_THAT(list_of(all, 2, 1), ElementsAre(3, 5));
  EXPECT_EQ(all.words[3], 4U);
  EXPECT_EQ(all.words[5 + 3], 2U);
  EXPECT_EQ(all.words[10 + 3], 0U);
  EXPECT_EQ(as_float(all.words[4]), static_cast<float>(25 / std::sqrt(125.0)));
}

TEST_F(Growth, TakesInNothingWhenFrozen) {
  const auto before = featurize_alone(declarations_, make_columns()).features;
  const auto [features, rows] = grow(true);
  for (std::size_t i = 0; i < features.size(); ++i) {
    EXPECT_EQ(features[i].added, 0);
    if (before[i].vocabulary.rows > 0) {
      EXPECT_EQ(vocabulary(features[i]), before[i].vocabulary.strings.texts());
    }
  }
  const FeatureRows all = all_gather_rows(rows, world_);
  EXPECT_EQ(all.words[0], 0U);
  EXPECT_GT(all.words[5], 0U);
  EXPECT_EQ(all.words[10], 0U);
  EXPECT_THAT(list_of(all, 0, 1), ElementsAre(4, 1));
  EXPECT_THAT(list_of(all, 1, 1), ElementsAre(4, 3));
  EXPECT_THAT(list_of(all, 2, 1), ElementsAre(3, 1));
}

TEST_F(Growth, RefusesStoredVocabulariesThatLackRows) {
  for (const char* declaration : {"title:lookup", "title:text(9)", "title:list(|)"}) {
    auto features = featurize_columns(parse_all({declaration}), blocks_of(make_columns()), world_).features;
    ++features[0].vocabulary.rows;
    const Failure failure = failure_of([&] {
      featurize_columns(parse_all({declaration}), blocks_of(more_), world_, {.features = &features});
    });
    EXPECT_EQ(failure.code, base::ExitCode::checkpoint);
    EXPECT_THAT(failure.message,
                HasSubstr(std::string(declaration) + ":32\": its stored vocabulary lacks rows"));
  }
}

TEST_F(Growth, NeedsTheFeaturesOfTheEarlierRun) {
  const auto features = featurize_alone({"name:lookup"}, make_columns()).features;
  const Failure failure = failure_of([&] {
    featurize_columns(parse_all({"name:lookup:8"}), make_columns(), world_, {.features = &features});
  });
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(
      failure.message,
      HasSubstr("\"name:lookup:8\": the model was trained without it. Its features are: name:lookup:32."));
}

TEST(Featurize, RefusesColumnsThatDoNotFit) {
  auto world = mpi::Communicator::world();
  const auto complaint = [&](const std::vector<std::string>& declarations) {
    const Failure failure =
        failure_of([&] { featurize_columns(parse_all(declarations), make_columns(), world); });
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    return failure.message;
  };
  EXPECT_EQ(complaint({"age:lookup"}),
            "feature \"age:lookup:32\": there is no column \"age\". The columns are: name (text), title "
            "(text), time "
            "(number).");
  EXPECT_THAT(complaint({"age:hash(9)"}), HasSubstr("there is no column \"age\""));
  EXPECT_THAT(complaint({"name:bucketize(9)"}), HasSubstr("needs a column of numbers"));
  EXPECT_THAT(complaint({"name:normalize"}), HasSubstr("needs a column of numbers"));
  EXPECT_THAT(complaint({"title:text(9)", "title:lookup", "title:text(10)"}),
              HasSubstr("called title_text already"));
}

// Learns from blocks of columns on every rank, and from the whole on one: the same features, and words of the block.
void expect_independent_of_ranks(const std::vector<std::string>& declarations, const ingest::Columns& part,
                                 const ingest::Columns& all, std::int64_t first) {
  auto world = mpi::Communicator::world();
  const auto [features, rows] = featurize_columns(parse_all(declarations), part, world);
  const auto [expected, expected_rows] = featurize_alone(declarations, all);
  ASSERT_EQ(features.size(), expected.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    EXPECT_EQ(features[i].table_rows(), expected[i].table_rows());
    EXPECT_EQ(features[i].added, expected[i].added);
    EXPECT_TRUE(whole(features[i].vocabulary, world) == expected[i].vocabulary.strings.texts());
    EXPECT_EQ(learnt_by(features[i]), learnt_by(expected[i]));
  }
  EXPECT_EQ(rows.size(), part.rows);
  EXPECT_EQ(world.sum_before(static_cast<std::int64_t>(part.rows)), first);
  const FeatureRows gathered = all_gather_rows(rows, world);
  EXPECT_EQ(gathered.lists, expected_rows.lists);
  ASSERT_EQ(gathered.size(), expected_rows.size());
  for (std::size_t row = 0; row < gathered.size(); ++row) {
    for (std::size_t i = 0; i < features.size(); ++i)
      ASSERT_TRUE(std::ranges::equal(gathered.values(row, i), expected_rows.values(row, i)));
  }
}

void expect_independent_of_ranks(const DataOptions& options) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const ingest::Dataset part = ingest::read_dataset(options, {}, world);
  const ingest::Dataset all = ingest::read_dataset(options, {}, self);
  expect_independent_of_ranks(query_features, part.interactions, all.interactions, part.first);
  expect_independent_of_ranks({"title:lookup", "title:text(10000)", "genres:list(|):8", "item_id:hash(100)"},
                              part.catalogue, all.catalogue, part.catalogue_first);
}

TEST(Featurize, DoesNotDependOnTheNumberOfRanks) {
  expect_independent_of_ranks({});
}

TEST(MovieLens100kFeatures, DoNotDependOnTheNumberOfRanks) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  expect_independent_of_ranks({.directory = directory.string()});
}

TEST(MovieLens100kFeatures, OfTheQueryAreThoseOfTheTutorial) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const ingest::Dataset dataset = ingest::read_dataset({.directory = directory.string()}, {}, self);
  const auto [features, rows] = featurize_alone(query_features, dataset.interactions);
  EXPECT_EQ(features[0].table_rows(), 944);  // 943 users and the unknown one
  EXPECT_EQ(features[1].table_rows(), 1001);

  const auto& timestamps = dataset.interactions.numbers.at("timestamp");
  EXPECT_EQ(learnt_by(features[1])["minimum"].get<double>(),
            static_cast<double>(*std::min_element(timestamps.begin(), timestamps.end())));
  EXPECT_EQ(learnt_by(features[1])["maximum"].get<double>(),
            static_cast<double>(*std::max_element(timestamps.begin(), timestamps.end())));
  long double sum = 0;
  for (const auto timestamp : timestamps) sum += static_cast<long double>(timestamp);
  const long double mean = sum / 100'000;
  long double squares = 0;
  for (const auto timestamp : timestamps) {
    squares += (static_cast<long double>(timestamp) - mean) * (static_cast<long double>(timestamp) - mean);
  }
  const double deviation = static_cast<double>(std::sqrt(squares / 100'000));
  EXPECT_DOUBLE_EQ(learnt_by(features[2])["mean"].get<double>(), static_cast<double>(mean));
  EXPECT_DOUBLE_EQ(learnt_by(features[2])["deviation"].get<double>(), deviation);

  std::set<std::uint32_t> buckets;
  for (std::size_t i = 0; i < 100'000; ++i) {
    buckets.insert(rows.words[3 * i + 1]);
    const double position = static_cast<double>(timestamps[i] - 874724710) / (893286638 - 874724710) * 999;
    ASSERT_NEAR(rows.words[3 * i + 1], position + 0.5, 0.5 + 1e-6);  // between floor and floor + 1
    ASSERT_NEAR(as_float(rows.words[3 * i + 2]),
                (static_cast<double>(timestamps[i]) - static_cast<double>(mean)) / deviation, 1e-6);
  }
  EXPECT_EQ(*buckets.begin(), 1U);  // nothing lies below the first boundary, which is the earliest time
  EXPECT_EQ(*buckets.rbegin(), 1000U);
}

TEST(MovieLens100kFeatures, OfTheCandidateAreThoseOfTheTutorial) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const ingest::Dataset dataset = ingest::read_dataset({.directory = directory.string()}, {}, self);
  const auto [features, rows] = featurize_alone(candidate_features, dataset.catalogue);
  EXPECT_EQ(features[0].table_rows(), 1665);  // 1664 titles and the unknown one

  std::map<std::string, int> count_of;  // of words, counted naively
  for (std::size_t row = 0; row < dataset.catalogue.rows; ++row) {
    std::string word;
    for (const char c : std::string(dataset.catalogue.strings.at("title")[row]) + " ") {
      const auto code = static_cast<unsigned char>(c);
      if (code < 128 && std::ispunct(code)) continue;
      if (code < 128 && std::isspace(code)) {
        if (!word.empty()) ++count_of[word];
        word.clear();
      } else {
        word += code < 128 ? static_cast<char>(std::tolower(code)) : c;
      }
    }
  }
  const auto vocabulary = features[1].vocabulary.strings.texts();
  ASSERT_EQ(vocabulary.size(), count_of.size() + 2);
  for (std::size_t row = 3; row < vocabulary.size(); ++row) {
    const auto before = std::make_pair(count_of.at(vocabulary[row - 1]), vocabulary[row - 1]);
    const auto here = std::make_pair(count_of.at(vocabulary[row]), vocabulary[row]);
    ASSERT_GT(before, here);
  }
  EXPECT_EQ(vocabulary[2], "the");

  ASSERT_EQ(rows.size(), 1682U);
  std::vector<std::string> tokens_of_first;
  for (const std::uint32_t row : rows.values(0, 1)) tokens_of_first.push_back(vocabulary[row]);
  EXPECT_THAT(tokens_of_first, ElementsAre("toy", "story", "1995"));
}

TEST(MovieLens100kFeatures, GenresAreLists) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const ingest::Dataset dataset = ingest::read_dataset({.directory = directory.string()}, {}, self);
  const auto [features, rows] = featurize_alone({"genres:list(|):8"}, dataset.catalogue);
  EXPECT_EQ(features[0].table_rows(), 20);  // 19 genres and the unknown one
  std::vector<std::string> of_first;
  for (const std::uint32_t row : rows.values(0, 0))
    of_first.emplace_back(features[0].vocabulary.strings[row]);
  EXPECT_THAT(of_first, ElementsAre("Animation", "Children's", "Comedy"));
}

TEST(Kinds, TakeNumbersWithDecimals) {
  ingest::Columns columns;
  columns.rows = 5;
  columns.decimals["price"] = {0.5, -1.25, 3, 0.5, 7.75};
  const auto [features, rows] = featurize_alone(
      {"price:normalize", "price:bucketize(3)", "price:quantiles(2)", "price:lookup"}, columns);
  // Mean 2.1, and squares from it of 2.56, 11.2225, .81, 2.56, 31.9225.
  const double deviation = std::sqrt((2.56 + 11.2225 + 0.81 + 2.56 + 31.9225) / 5);
  const std::vector<double> prices = columns.decimals["price"];
  const std::vector<std::uint32_t> buckets = {1, 1, 1, 1, 3};    // boundaries -1.25, 3.25, 7.75
  const std::vector<std::uint32_t> quantiles = {1, 0, 1, 1, 1};  // one comes before the first .5
  for (std::size_t row = 0; row < columns.rows; ++row) {
    EXPECT_FLOAT_EQ(as_float(rows.words[row * 4]), static_cast<float>((prices[row] - 2.1) / deviation));
    EXPECT_EQ(rows.words[row * 4 + 1], buckets[row]);
    EXPECT_EQ(rows.words[row * 4 + 2], quantiles[row]);
  }
  EXPECT_EQ(rows.words[3], rows.words[15]);
  EXPECT_EQ(features[3].vocabulary.rows, 5);
}

TEST(Kinds, QuantilesHaveAsManyNumbersEach) {
  auto world = mpi::Communicator::world();
  ingest::Columns columns;
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < 1000; ++i) numbers.push_back(i * i - 500 * i);  // some twice
  columns.numbers["number"] = block_of(numbers, world);
  columns.rows = columns.numbers["number"].size();
  const auto made = featurize_columns(parse_all({"number:quantiles(8)"}), columns, world);
  std::vector<std::int64_t> counts(8, 0);
  for (const std::uint32_t word : made.rows.words) ++counts.at(word);
  world.sum(std::span(counts));
  std::ranges::sort(numbers);
  for (std::size_t range = 0; range < 8; ++range) {
    const auto begin = range == 0 ? numbers.begin() : std::ranges::lower_bound(numbers, numbers[range * 125]);
    const auto end =
        range == 7 ? numbers.end() : std::ranges::lower_bound(numbers, numbers[range * 125 + 125]);
    EXPECT_EQ(counts[range], end - begin) << range;
  }
}

}  // namespace
}  // namespace gemel::features
