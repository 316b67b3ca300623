#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gemel/ingest/dataset_reader.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/ingest/synthetic.hpp"
#include "ingest/support.hpp"
#include "support/data.hpp"

namespace gemel::ingest {
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

Columns make_columns() {
  Columns columns;
  columns.rows = 4;
  columns.strings["name"] = make_column({"ann", "bob", "ann", "[UNK]"});
  columns.strings["title"] = make_column({"A b", "", "B b c!", "a"});
  columns.numbers["time"] = {10, 0, 20, 30};
  return columns;
}

TEST(Featurize, LookupGivesTheRowOfTheString) {
  auto self = mpi::Communicator::self();
  const Columns columns = make_columns();
  const auto features = fit_features(parse_all({"name:lookup"}), columns, self);
  const FeatureRows rows = featurize(features, columns);
  EXPECT_EQ(features[0].table_rows(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GT(rows.words[i], 0U);  // even "[UNK]", when somebody is called so
    EXPECT_EQ(features[0].vocabulary[rows.words[i]], columns.strings.at("name")[i]);
  }
  Columns others;
  others.rows = 1;
  others.strings["name"] = make_column({"carl"});
  EXPECT_THAT(featurize(features, others).words, ElementsAre(0U));
}

TEST(Featurize, BucketizeCountsTheBoundariesNotAbove) {
  auto self = mpi::Communicator::self();
  const auto features = fit_features(parse_all({"time:bucketize(4)"}), make_columns(), self);
  EXPECT_EQ(features[0].table_rows(), 5U);
  Columns columns;
  columns.rows = 9;
  columns.numbers["time"] = {-1, 0, 9, 10, 19, 20, 29, 30, 1000};  // the boundaries are 0, 10, 20, 30
  EXPECT_THAT(featurize(features, columns).words, ElementsAre(0, 1, 1, 2, 2, 3, 3, 4, 4));
}

TEST(Featurize, NormalizeGivesZScores) {
  auto self = mpi::Communicator::self();
  const auto features = fit_features(parse_all({"time:normalize"}), make_columns(), self);
  EXPECT_EQ(features[0].table_rows(), 0U);
  EXPECT_EQ(features[0].mean, 15.0);
  EXPECT_EQ(features[0].deviation, std::sqrt(125.0));
  EXPECT_EQ(as_float(featurize(features, make_columns()).words[3]),
            static_cast<float>(15 / std::sqrt(125.0)));
}

TEST(Featurize, NormalizeOfEqualNumbersIsZero) {
  auto self = mpi::Communicator::self();
  Columns columns;
  columns.rows = 2;
  columns.numbers["time"] = {9, 9};
  const auto features = fit_features(parse_all({"time:normalize", "time:bucketize(3)"}), columns, self);
  EXPECT_EQ(features[0].deviation, 1.0);
  EXPECT_EQ(as_float(featurize(features, columns).words[0]), 0.0F);
  EXPECT_EQ(featurize(features, columns).words[1], 3U);  // all boundaries are 9
}

TEST(Featurize, TextGivesListsOfTokens) {
  auto self = mpi::Communicator::self();
  const auto features = fit_features(parse_all({"name:lookup", "title:text(4)"}), make_columns(), self);
  EXPECT_THAT(features[1].vocabulary, ElementsAre("", "[UNK]", "b", "a"));  // c has no place in four rows
  const FeatureRows rows = featurize(features, make_columns());
  EXPECT_EQ(rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(rows.words[2 * i + 1], i);
  EXPECT_THAT(rows.lists[1].offsets, ElementsAre(0, 2, 2, 5, 6));
  EXPECT_THAT(rows.lists[1].rows, ElementsAre(3, 2, 2, 2, 1, 3));
  EXPECT_THAT(rows.lists[0].offsets, ElementsAre(0));
}

TEST(FitFeatures, RefusesColumnsThatDoNotFit) {
  auto world = mpi::Communicator::world();
  const auto complaint = [&](const std::vector<std::string>& declarations) {
    const Failure failure = failure_of([&] { fit_features(parse_all(declarations), make_columns(), world); });
    EXPECT_EQ(failure.code, base::ExitCode::usage);
    return failure.message;
  };
  EXPECT_EQ(complaint({"age:lookup"}),
            "feature \"age:lookup:32\": there is no column \"age\". The columns are: name (text), title "
            "(text), time "
            "(number).");
  EXPECT_THAT(complaint({"time:lookup"}),
              HasSubstr("\"time:lookup:32\": this kind needs a column of text. The"));
  EXPECT_THAT(complaint({"time:text(9)"}), HasSubstr("needs a column of text"));
  EXPECT_THAT(complaint({"name:bucketize(9)"}), HasSubstr("needs a column of numbers"));
  EXPECT_THAT(complaint({"name:normalize"}), HasSubstr("needs a column of numbers"));
  EXPECT_THAT(complaint({"title:text(9)", "title:lookup", "title:text(10)"}),
              HasSubstr("called title_text already"));
}

void expect_equal(const std::vector<FittedFeature>& a, const std::vector<FittedFeature>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].spec.declaration(), b[i].spec.declaration());
    EXPECT_TRUE(a[i].vocabulary == b[i].vocabulary);
    EXPECT_EQ(a[i].minimum, b[i].minimum);
    EXPECT_EQ(a[i].maximum, b[i].maximum);
    EXPECT_EQ(a[i].mean, b[i].mean);
    EXPECT_EQ(a[i].deviation, b[i].deviation);
  }
}

// Each rank's block of words is that block of what one rank alone makes of all rows.
void expect_independent_of_ranks(const DataOptions& options) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = read_dataset(options, world);
  const Dataset whole = read_dataset(options, self);
  const auto fitted = fit_features(parse_all(query_features), part.interactions, world);
  const auto expected = fit_features(parse_all(query_features), whole.interactions, self);
  expect_equal(fitted, expected);
  const FeatureRows words = featurize(fitted, part.interactions);
  const FeatureRows all_words = featurize(expected, whole.interactions);
  ASSERT_EQ(words.size(), part.interactions.rows);
  const auto first = all_words.words.begin() + part.first * static_cast<std::int64_t>(words.features);
  EXPECT_TRUE(std::equal(words.words.begin(), words.words.end(), first));
}

TEST(FitFeatures, DoesNotDependOnTheNumberOfRanks) {
  expect_independent_of_ranks({});
}

TEST(MovieLens100kFeatures, DoNotDependOnTheNumberOfRanks) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  expect_independent_of_ranks({.directory = directory.string()});
}

TEST(MovieLens100kFeatures, OfTheQueryAreThoseOfTheTutorial) {
  GEMEL_FIND_DATA(directory, "ml-100k");
  auto self = mpi::Communicator::self();
  const Dataset dataset = read_dataset({.directory = directory.string()}, self);
  const auto features = fit_features(parse_all(query_features), dataset.interactions, self);
  EXPECT_EQ(features[0].table_rows(), 944U);  // 943 users and the unknown one
  EXPECT_EQ(features[1].table_rows(), 1001U);

  const auto& timestamps = dataset.interactions.numbers.at("timestamp");
  EXPECT_EQ(features[1].minimum,
            static_cast<double>(*std::min_element(timestamps.begin(), timestamps.end())));
  EXPECT_EQ(features[1].maximum,
            static_cast<double>(*std::max_element(timestamps.begin(), timestamps.end())));
  long double sum = 0;
  for (const auto timestamp : timestamps) sum += static_cast<long double>(timestamp);
  const long double mean = sum / 100'000;
  long double squares = 0;
  for (const auto timestamp : timestamps) {
    squares += (static_cast<long double>(timestamp) - mean) * (static_cast<long double>(timestamp) - mean);
  }
  const double deviation = static_cast<double>(std::sqrt(squares / 100'000));
  EXPECT_DOUBLE_EQ(features[2].mean, static_cast<double>(mean));
  EXPECT_DOUBLE_EQ(features[2].deviation, deviation);

  const FeatureRows rows = featurize(features, dataset.interactions);
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
  const Dataset dataset = read_dataset({.directory = directory.string()}, self);
  const auto features = fit_features(parse_all(candidate_features), dataset.catalogue, self);
  EXPECT_EQ(features[0].table_rows(), 1665U);  // 1664 titles and the unknown one

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
  const auto& vocabulary = features[1].vocabulary;
  ASSERT_EQ(vocabulary.size(), count_of.size() + 2);
  for (std::size_t row = 3; row < vocabulary.size(); ++row) {
    const auto before = std::make_pair(count_of.at(vocabulary[row - 1]), vocabulary[row - 1]);
    const auto here = std::make_pair(count_of.at(vocabulary[row]), vocabulary[row]);
    ASSERT_GT(before, here);
  }
  EXPECT_EQ(vocabulary[2], "the");

  const FeatureRows rows = featurize(features, dataset.catalogue);
  const RowLists& lists = rows.lists[1];
  ASSERT_EQ(lists.offsets.size(), 1683U);
  std::vector<std::string> tokens_of_first;
  for (std::uint32_t i = lists.offsets[0]; i < lists.offsets[1]; ++i) {
    tokens_of_first.push_back(vocabulary[static_cast<std::size_t>(lists.rows[i])]);
  }
  EXPECT_THAT(tokens_of_first, ElementsAre("toy", "story", "1995"));
}

}  // namespace
}  // namespace gemel::ingest
