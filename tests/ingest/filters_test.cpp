#include "ingest/filters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "exchange/placement.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/synthetic.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// An interaction; `weight` is what a column that is added up has.
struct Row {
  std::string user;
  std::string item;
  std::int64_t rating = 0;
  std::int64_t time = 0;
  std::int64_t weight = 0;
  Part part = Part::train;

  std::tuple<Part, std::string, std::string> pair() const { return {part, user, item}; }
  bool operator==(const Row&) const = default;
};

/// What all ranks have, in the order of the data.
struct Whole {
  std::vector<Row> rows;
  std::vector<std::string> items;
  std::vector<std::int64_t> item_numbers;  // of a column of the catalogue
  std::uint64_t hash = 0;
};

template <class Column>
std::vector<std::string> gather_texts(const Column& column, mpi::Communicator& communicator) {
  StringColumn own;
  for (std::size_t i = 0; i < column.size(); ++i) own.push_back(column[i]);
  return all_gather_strings(own, communicator).texts();
}

/// Of a column of whole numbers; zeros where there is none.
std::vector<std::int64_t> gather_numbers(const Columns& columns, const char* name,
                                         mpi::Communicator& communicator) {
  const auto found = columns.numbers.find(name);
  const std::vector<std::int64_t> own =
      found == columns.numbers.end() ? std::vector<std::int64_t>(columns.rows, 0) : found->second;
  return communicator.all_gather_varying(std::span<const std::int64_t>(own));
}

/// Of data that does not come split. Finds that it is put together as a data set has to be.
Whole gather(const Dataset& dataset, mpi::Communicator& communicator, const char* weight = "count") {
  const Columns& own = dataset.interactions;
  EXPECT_EQ(own.rows, dataset.item_rows.size());
  EXPECT_EQ(dataset.first, communicator.sum_before(static_cast<std::int64_t>(own.rows)));
  EXPECT_EQ(dataset.total, communicator.sum(static_cast<std::int64_t>(own.rows)));
  const auto block =
      exchange::RowBlocks(dataset.catalogue_total, communicator.size()).block(communicator.rank());
  EXPECT_EQ(dataset.catalogue_first, block.first);
  EXPECT_EQ(static_cast<std::int64_t>(dataset.catalogue.rows), block.size());
  const auto users = gather_texts(own.strings.at("user_id"), communicator);
  const auto ratings = gather_numbers(own, "rating", communicator);
  const auto times = gather_numbers(own, "timestamp", communicator);
  const auto weights = gather_numbers(own, weight, communicator);
  const auto item_rows = communicator.all_gather_varying(std::span<const std::int32_t>(dataset.item_rows));
  Whole whole;
  whole.items = gather_texts(dataset.catalogue.strings.at("item_id"), communicator);
  whole.item_numbers = gather_numbers(dataset.catalogue, "year", communicator);
  whole.hash = dataset.content_hash;
  for (std::size_t i = 0; i < item_rows.size(); ++i) {
    const std::string& item = whole.items.at(static_cast<std::size_t>(item_rows[i]));
    whole.rows.push_back({users.at(i), item, ratings.at(i), times.at(i), weights.at(i)});
  }
  return whole;
}

/// 3000 interactions of up to 300 users with 200 items, many of them of the same user and item, or at the same time.
Dataset make_data(mpi::Communicator& communicator, bool with_times = true) {
  Dataset dataset = synthesize({.users = 300, .items = 200, .interactions = 3000, .seed = 5}, communicator);
  auto& numbers = dataset.interactions.numbers;
  for (std::int64_t& time : numbers.at("timestamp")) time -= time % 1'000'000;
  if (!with_times) numbers.erase("timestamp");
  for (std::size_t row = 0; row < dataset.catalogue.rows; ++row)
    dataset.catalogue.numbers["year"].push_back(dataset.catalogue_first + static_cast<std::int64_t>(row));
  return dataset;
}

Whole filtered(const DataOptions& options, mpi::Communicator& communicator, bool with_times = true) {
  Dataset dataset = make_data(communicator, with_times);
  apply_filters(options, dataset, communicator);
  return gather(dataset, communicator, options.weight_column.empty() ? "count" : "rating");
}

/// The filtered data on all ranks, after it has been found to be that of one.
Whole filtered_everywhere(const FilterOptions& filters, bool with_times = true,
                          const std::string& weight_column = "") {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  DataOptions options;
  options.filters = filters;
  options.weight_column = weight_column;
  Whole whole = filtered(options, world, with_times);
  const Whole alone = filtered(options, self, with_times);
  EXPECT_EQ(whole.rows, alone.rows);
  EXPECT_EQ(whole.items, alone.items);
  EXPECT_EQ(whole.item_numbers, alone.item_numbers);
  EXPECT_EQ(whole.hash, alone.hash);
  return whole;
}

Whole unfiltered(bool with_times = true) {
  auto self = mpi::Communicator::self();
  return gather(make_data(self, with_times), self);
}

/// By the books: pairs in a map, the best row of each.
std::vector<Row> merge_naively(const std::vector<Row>& rows, Duplicates duplicates, bool counts = true) {
  std::map<std::tuple<Part, std::string, std::string>, std::size_t> chosen;
  std::map<std::tuple<Part, std::string, std::string>, std::int64_t> sums;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [found, is_new] = chosen.emplace(rows[i].pair(), i);
    sums[rows[i].pair()] += counts ? 1 : rows[i].rating;
    const std::int64_t best = rows[found->second].time;
    const bool wins = duplicates == Duplicates::last ? rows[i].time >= best : rows[i].time < best;
    if (!is_new && wins) found->second = i;
  }
  std::vector<Row> left;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (chosen.at(rows[i].pair()) != i) continue;
    left.push_back(rows[i]);
    if (duplicates == Duplicates::sum) left.back().weight = sums.at(rows[i].pair());
  }
  return left;
}

/// Takes away one user or item after the other.
std::vector<Row> core_naively(std::vector<Row> rows, const KCore& core) {
  for (;;) {
    std::map<std::string, std::int64_t> users;
    std::map<std::string, std::int64_t> items;
    for (const Row& row : rows) ++users[row.user], ++items[row.item];
    const auto user = std::ranges::find_if(users, [&](const auto& one) { return one.second < core.user; });
    const auto item = std::ranges::find_if(items, [&](const auto& one) { return one.second < core.item; });
    if (user == users.end() && item == items.end()) return rows;
    std::erase_if(rows, [&](const Row& row) {
      return (user != users.end() && row.user == user->first) ||
             (item != items.end() && row.item == item->first);
    });
  }
}

TEST(FiltersTest, NoneLeavesTheDataAsItIs) {
  const Whole before = unfiltered();
  const Whole after = filtered_everywhere({});
  EXPECT_EQ(after.rows, before.rows);
  EXPECT_EQ(after.hash, before.hash);
  EXPECT_EQ(filtered_everywhere({.min_rating = -1, .k_core = {1, 0}}).hash, before.hash);  // leave all
}

TEST(FiltersTest, ByRatingAndTime) {
  const Whole before = unfiltered();
  const std::int64_t some_time = before.rows[1000].time;
  const std::int64_t later = before.rows[1000].time + 40'000'000;
  std::vector<Row> expected = before.rows;
  std::erase_if(expected, [](const Row& row) { return row.rating < 4; });
  const Whole rated = filtered_everywhere({.min_rating = 3.5});
  EXPECT_EQ(rated.rows, expected);
  EXPECT_EQ(rated.items, before.items);
  EXPECT_NE(rated.hash, before.hash);
  EXPECT_EQ(filtered_everywhere({.min_rating = 4}).hash, rated.hash);  // leaves the same
  std::erase_if(expected, [&](const Row& row) { return row.time < some_time || row.time >= later; });
  ASSERT_FALSE(expected.empty());
  const Whole timed = filtered_everywhere({.min_rating = 4, .since = some_time, .until = later});
  EXPECT_EQ(timed.rows, expected);
  EXPECT_NE(timed.hash, rated.hash);
}

TEST(FiltersTest, DuplicatesGoByTimeAndThenByPlace) {
  for (const bool with_times : {true, false}) {
    const Whole before = unfiltered(with_times);
    for (const Duplicates duplicates : {Duplicates::first, Duplicates::last, Duplicates::sum}) {
      const auto expected = merge_naively(before.rows, duplicates);
      EXPECT_LT(expected.size(), before.rows.size());
      EXPECT_EQ(filtered_everywhere({.duplicates = duplicates}, with_times).rows, expected);
    }
  }
  EXPECT_NE(filtered_everywhere({.duplicates = Duplicates::sum}).hash,
            filtered_everywhere({.duplicates = Duplicates::first}).hash);
}

TEST(FiltersTest, SumsAreOfTheWeightColumn) {
  std::vector<Row> expected = merge_naively(unfiltered().rows, Duplicates::sum, false);
  for (Row& row : expected) row.rating = row.weight;
  EXPECT_EQ(filtered_everywhere({.duplicates = Duplicates::sum}, true, "rating").rows, expected);
}

TEST(FiltersTest, AKCoreIsWhatIsLeftInTheEnd) {
  const Whole before = unfiltered();
  for (const KCore core : {KCore{8, 10}, KCore{15, 0}, KCore{0, 30}, KCore{0, 1}}) {
    const std::vector<Row> expected = core_naively(before.rows, core);
    std::set<std::string> items;
    for (const Row& row : expected) items.insert(row.item);
    const Whole left = filtered_everywhere({.k_core = core});
    EXPECT_EQ(left.rows, expected);
    if (core.item == 0) {
      EXPECT_EQ(left.items, before.items);
      continue;
    }
    EXPECT_LT(left.items.size(), before.items.size());
    std::vector<std::string> in_order = before.items;
    std::erase_if(in_order, [&](const std::string& item) { return !items.contains(item); });
    EXPECT_EQ(left.items, in_order);
    for (std::size_t i = 0; i < left.items.size(); ++i)  // other columns go along
      EXPECT_EQ(before.items.at(static_cast<std::size_t>(left.item_numbers[i])), left.items[i]);
  }
}

TEST(FiltersTest, OneComesAfterTheOther) {
  const std::vector<Row> before = unfiltered().rows;
  std::vector<Row> expected = before;
  const std::int64_t since = before[100].time;
  std::erase_if(expected, [&](const Row& row) { return row.rating < 3 || row.time < since; });
  expected = core_naively(merge_naively(expected, Duplicates::last), {3, 2});
  ASSERT_FALSE(expected.empty());
  EXPECT_EQ(
      filtered_everywhere({.min_rating = 3, .since = since, .duplicates = Duplicates::last, .k_core = {3, 2}})
          .rows,
      expected);
}

/// Data of files.
class FilteredFilesTest : public testing::Test {
 protected:
  DataOptions files(std::string_view train, std::string_view test = "") {
    DataOptions options;
    options.files.train = directory_.write("train", train).string();
    if (!test.empty()) options.files.test = directory_.write("test", test).string();
    options.files.format = FileFormat::pairs;
    return options;
  }
  Dataset read(const DataOptions& options, mpi::Communicator& communicator) {
    Dataset dataset = read_dataset(options, {}, communicator);
    apply_filters(options, dataset, communicator);
    return dataset;
  }
  /// "user rating" of all interactions.
  std::vector<std::string> rows(const DataOptions& options) {
    const Dataset dataset = read(options, world_);
    StringColumn texts;
    const Columns& own = dataset.interactions;
    for (std::size_t i = 0; i < own.rows; ++i) {
      const std::string rating = own.decimals.contains("rating")
                                     ? std::to_string(own.decimals.at("rating")[i]).substr(0, 4)
                                     : std::to_string(own.numbers.at("rating")[i]);
      texts.push_back(std::string(own.strings.at("user_id")[i]) + " " + rating);
    }
    return all_gather_strings(texts, world_).texts();
  }
  Failure refusal(const DataOptions& options) {
    return failure_of([&] { read(options, world_); });
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(FilteredFilesTest, DecimalsAreComparedAndAddedUpInTheOrderOfTime) {
  DataOptions options = files("a 1 3.5 30\nb 1 4.5 10\na 1 0.25 20\na 2 1.5 5\n");
  options.filters.min_rating = 1.5;
  EXPECT_THAT(rows(options), ElementsAre("a 3.50", "b 4.50", "a 1.50"));
  options.filters = {};
  options.filters.duplicates = Duplicates::sum;
  options.weight_column = "rating";
  EXPECT_THAT(rows(options), ElementsAre("b 4.50", "a 3.75", "a 1.50"));
}

TEST_F(FilteredFilesTest, PartsAreFilteredEachByItself) {
  DataOptions options = files("a 1 5\nb 1 2\na 1 4\na 2 3\n", "a 1 3\na 1 2\nc 2 1\nb 2 3\n");
  options.filters.min_rating = 2;
  options.filters.duplicates = Duplicates::first;
  const Dataset dataset = read(options, world_);
  EXPECT_EQ(dataset.total, 5);
  EXPECT_EQ(dataset.parts.size(), dataset.item_rows.size());
  const auto train = std::ranges::count(dataset.parts, Part::train);
  EXPECT_EQ(world_.sum(std::int64_t{train}), 3);  // a 1 5, b 1 2, a 2 3
  EXPECT_EQ(dataset.first, world_.sum_before(std::int64_t{train}));
  EXPECT_EQ(dataset.catalogue_total, 2);
  auto self = mpi::Communicator::self();
  EXPECT_EQ(dataset.content_hash, read(options, self).content_hash);
  options.filters.k_core = {.user = 2};
  const Failure failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message, HasSubstr("--k-core user=2: the data (train, test) comes split already"));
}

TEST_F(FilteredFilesTest, WhatIsNotThereOrLeavesNothingIsRefused) {
  DataOptions options = files("a 1 3 100\nb 2 4 86400\n");
  options.filters.min_rating = 4.5;
  Failure failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_EQ(failure.message,
            "--min-rating 4.5: none of the 2 interactions is left. Ratings go up to 4: give a lower one.");
  options.filters = {.until = 100};
  EXPECT_EQ(refusal(options).message,
            "--until 1970-01-01T00:01:40: none of the 2 interactions is left. Times go from "
            "1970-01-01T00:01:40 to 1970-01-02: give others.");
  options.filters = {.min_rating = 4, .k_core = {1, 2}};
  EXPECT_EQ(refusal(options).message,
            "--k-core user=1,item=2: none of the 1 interactions is left. Give lower numbers.");
  options.filters = {.duplicates = Duplicates::sum};
  options.weight_column = "user_id";
  failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_THAT(failure.message, HasSubstr("--duplicates sum: the interactions have no column user_id of num"));
  options = files("a 1\nb 2\n");
  options.filters.min_rating = 1;
  failure = refusal(options);
  EXPECT_EQ(failure.code, base::ExitCode::usage);
  EXPECT_EQ(failure.message,
            "--min-rating 1: the interactions have no ratings (a column rating). Their columns are: user_id "
            "(text).");
  options.filters = {.since = 1};
  EXPECT_THAT(refusal(options).message,
              HasSubstr("--since 1970-01-01T00:00:01: the interactions have no tim"));
}

}  // namespace
}  // namespace gemel::ingest
