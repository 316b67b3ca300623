#include "ingest/synthetic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "features/text.hpp"
#include "ingest/item_counts.hpp"
#include "ingest/split.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/synthetic_events.hpp"
#include "ingest/synthetic_items.hpp"

namespace gemel::ingest {
namespace {

TEST(Synthetic, IsTheSameOnAnyNumberOfRanks) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  const Dataset part = synthesize({}, world);
  const Dataset whole = synthesize({}, self);
  EXPECT_EQ(world.sum_before(static_cast<std::int64_t>(part.interactions.rows)), part.first);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(part.interactions.rows)), 60'000);
  EXPECT_EQ(part.content_hash, whole.content_hash);
  for (std::size_t i = 0; i < part.interactions.rows; ++i) {
    const std::size_t global = static_cast<std::size_t>(part.first) + i;
    ASSERT_EQ(part.interactions.strings.at("user_id")[i], whole.interactions.strings.at("user_id")[global]);
    ASSERT_EQ(part.interactions.numbers.at("timestamp")[i],
              whole.interactions.numbers.at("timestamp")[global]);
    ASSERT_EQ(part.interactions.numbers.at("rating")[i], whole.interactions.numbers.at("rating")[global]);
    ASSERT_EQ(part.item_rows[i], whole.item_rows[global]);
  }
}

TEST(Synthetic, GivesEachRankItsBlockOfTheCatalogue) {
  auto world = mpi::Communicator::world();
  auto self = mpi::Communicator::self();
  for (const std::int64_t items : {1, 5, 1500}) {
    const SyntheticOptions options = {.users = 3, .items = items, .interactions = 10, .seed = 1};
    const Dataset part = synthesize(options, world);
    const Dataset whole = synthesize(options, self);
    const auto range = exchange::RowBlocks(items, world.size()).block(world.rank());
    EXPECT_EQ(part.catalogue_total, items);
    EXPECT_EQ(part.catalogue_first, range.first);
    EXPECT_EQ(part.catalogue.rows, static_cast<std::size_t>(range.size()));
    for (const char* column : {"item_id", "title", "genres"}) {
      EXPECT_EQ(all_gather_strings(part.catalogue.strings.at(column).rows(), world),
                whole.catalogue.strings.at(column).rows());
    }
  }
}

// Checkpoints of earlier versions hold this hash.
TEST(Synthetic, HasTheContentThatItAlwaysHad) {
  auto world = mpi::Communicator::world();
  EXPECT_EQ(synthesize({}, world).content_hash, 3186464282238786293U);
  const SyntheticOptions small = {.users = 10, .items = 20, .interactions = 100, .seed = 1};
  EXPECT_EQ(synthesize(small, world).content_hash, 4136285893008042990U);
}

TEST(Synthetic, NamesGenresThatFitTheTitle) {
  const SyntheticItems items({});
  std::map<std::string, std::int64_t> count_of;               // of an item's own genre
  std::map<std::string, std::set<std::string>> second_words;  // the first one is any genre's
  std::int64_t several = 0;
  for (std::int64_t row = 0; row < items.size(); ++row) {
    const std::string listed = items.genres(row);
    const auto genres = features::split_list(listed, "|");
    ASSERT_TRUE(genres.size() == 1 || genres.size() == 2);
    several += genres.size() == 2 ? 1 : 0;
    const auto own = static_cast<std::size_t>(items.niche_of_row(row) % items.genres());
    const std::string genre(items.genre_names()[own]);
    EXPECT_THAT(genres, testing::Contains(genre));
    ++count_of[genre];
    second_words[genre].insert(std::string(features::split_list(items.title(row), " ")[1]));
  }
  EXPECT_EQ(count_of.size(), 12U);
  for (const auto& [genre, count] : count_of) EXPECT_EQ(count, 125) << genre;
  for (const auto& [genre, words] : second_words) EXPECT_LE(words.size(), 10U) << genre;
  EXPECT_NEAR(static_cast<double>(several), 1500 * 0.25 * 11 / 12, 100);  // six deviations
}

TEST(Synthetic, HasTheSizesAskedFor) {
  auto self = mpi::Communicator::self();
  const Dataset dataset = synthesize({}, self);
  EXPECT_EQ(dataset.total, 60'000);
  EXPECT_EQ(dataset.catalogue.rows, 1500U);
  std::set<std::string_view> users;
  for (std::size_t i = 0; i < 60'000; ++i) users.insert(dataset.interactions.strings.at("user_id")[i]);
  EXPECT_EQ(users.size(), 1000U);
  std::set<std::string_view> titles;
  for (std::size_t i = 0; i < 1500; ++i) titles.insert(dataset.catalogue.strings.at("title")[i]);
  EXPECT_LT(titles.size(), 1500U);  // some occur twice
  EXPECT_GT(titles.size(), 1450U);
  const auto& timestamps = dataset.interactions.numbers.at("timestamp");
  const auto [first, last] = std::minmax_element(timestamps.begin(), timestamps.end());
  EXPECT_NEAR(static_cast<double>(*last - *first) / 86400, 213, 10);  // seven months
  const auto& ratings = dataset.interactions.numbers.at("rating");
  const auto [worst, best] = std::minmax_element(ratings.begin(), ratings.end());
  EXPECT_EQ(*worst, 1);
  EXPECT_EQ(*best, 5);
}

TEST(Synthetic, IsAFunctionOfItsSeed) {
  auto self = mpi::Communicator::self();
  const SyntheticOptions small = {.users = 10, .items = 20, .interactions = 100, .seed = 1};
  SyntheticOptions other = small;
  other.seed = 2;
  EXPECT_EQ(synthesize(small, self).content_hash, synthesize(small, self).content_hash);
  EXPECT_NE(synthesize(small, self).content_hash, synthesize(other, self).content_hash);
}

TEST(Synthetic, TakesTheSmallestSizesAndRefusesNone) {
  auto world = mpi::Communicator::world();
  const Dataset dataset = synthesize({.users = 1, .items = 1, .interactions = 1, .seed = 1}, world);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(dataset.interactions.rows)), 1);
  EXPECT_EQ(world.sum(static_cast<std::int64_t>(dataset.catalogue.rows)), 1);
  EXPECT_THROW(synthesize({.users = 0, .items = 1, .interactions = 1, .seed = 1}, world), base::UsageError);
  EXPECT_THROW(synthesize({.users = 1, .items = 0, .interactions = 1, .seed = 1}, world), base::UsageError);
  EXPECT_THROW(synthesize({.users = 1, .items = 1, .interactions = 0, .seed = 1}, world), base::UsageError);
}

/// Of how many interactions the preferences of their user tell the item among the `k` best.
double best_accuracy(const SyntheticOptions& options, std::int64_t k) {
  const SyntheticItems items(options);
  const SyntheticEvents events(options, items);
  std::vector<std::vector<double>> preferences;
  for (std::int64_t user = 0; user < options.users; ++user) preferences.push_back(events.preferences(user));
  std::int64_t hits = 0;
  for (std::int64_t index = 0; index < options.interactions; ++index) {
    const SyntheticEvent event = events.event(index);
    const std::vector<double>& preference = preferences[static_cast<std::size_t>(event.user)];
    const double own = preference[static_cast<std::size_t>(event.item_row)];
    hits += std::ranges::count_if(preference, [own](double other) { return other > own; }) < k;
  }
  return static_cast<double>(hits) / static_cast<double>(options.interactions);
}

// The items of a user's interactions are drawn by the preferences.
TEST(Synthetic, PreferencesAreThePopulationOfInteractions) {
  const SyntheticOptions options = {.users = 3, .items = 40, .interactions = 60000, .seed = 1};
  const SyntheticItems items(options);
  const SyntheticEvents events(options, items);
  std::vector<std::vector<double>> counts(3, std::vector<double>(40));
  for (std::int64_t index = 0; index < options.interactions; ++index) {
    const SyntheticEvent event = events.event(index);
    ++counts[static_cast<std::size_t>(event.user)][static_cast<std::size_t>(event.item_row)];
  }
  for (std::int64_t user = 0; user < 3; ++user) {
    const std::vector<double>& counted = counts[static_cast<std::size_t>(user)];
    const std::vector<double> preference = events.preferences(user);
    EXPECT_NEAR(std::accumulate(preference.begin(), preference.end(), 0.0), 1, 1e-12);
    const double all = std::accumulate(counted.begin(), counted.end(), 0.0);
    double chi_square = 0;  // of 39 degrees of freedom: mean 39, deviation 9
    for (std::size_t row = 0; row < 40; ++row) {
      const double expected = all * preference[row];
      chi_square += (counted[row] - expected) * (counted[row] - expected) / expected;
    }
    EXPECT_LT(chi_square, 39 + 5 * 9) << user;
  }
}

// The header of ingest/synthetic.hpp and data/README.md tell these figures.
TEST(Synthetic, HasAKnownBestAccuracy) {
  if (auto world = mpi::Communicator::world(); !world.is_root()) return;  // rank 0 tests it for all
  EXPECT_NEAR(best_accuracy({}, 10), 0.64, 0.005);
  EXPECT_NEAR(best_accuracy({}, 100), 0.96, 0.005);
}

TEST(Synthetic, NichesOfAGenreHaveTitlesOfTheirOwn) {
  const SyntheticOptions many = {.users = 1, .items = 60000, .interactions = 1, .seed = 1};
  const SyntheticItems items(many);
  std::map<std::string, std::set<std::int64_t>> niches_of_title;
  for (std::int64_t row = 0; row < items.size(); ++row) {
    niches_of_title[items.title(row)].insert(items.niche_of_row(row));
  }
  for (const auto& [title, niches] : niches_of_title) EXPECT_EQ(niches.size(), 1U) << title;
  EXPECT_NEAR(static_cast<double>(niches_of_title.size()), 0.99 * 60000,
              150);  // one in a hundred has another's
}

/// Share of the test examples whose item is among the 100 best by score(user, row).
template <class Score>
double top_100_accuracy(const Dataset& dataset, const Split& split, Score score) {
  std::int64_t hits = 0;
  std::int64_t asked = 0;
  for (std::size_t i = 0; i < dataset.item_rows.size(); i += 7) {
    if (split.is_train(i)) continue;
    const std::string user(dataset.interactions.strings.at("user_id")[i]);
    const double own = score(user, static_cast<std::size_t>(dataset.item_rows[i]));
    std::int64_t higher = 0;
    for (std::size_t row = 0; row < dataset.catalogue.rows; ++row) higher += score(user, row) > own;
    hits += higher < 100;
    ++asked;
  }
  return static_cast<double>(hits) / static_cast<double>(asked);
}

// The words of the titles that a user trained on tell which other titles that user will like.
TEST(Synthetic, HoldsMoreThanPopularityToLearn) {
  auto self = mpi::Communicator::self();
  if (auto world = mpi::Communicator::world(); !world.is_root()) return;  // rank 0 tests it for all
  const Dataset dataset = synthesize({}, self);
  const Split split = split_interactions(dataset, {}, self);
  std::vector<std::int32_t> trained_items;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i)
    if (split.is_train(i)) trained_items.push_back(dataset.item_rows[i]);
  const auto counts = count_items(trained_items, dataset.catalogue_total, self);
  features::Tokenizer tokenize;
  std::vector<std::vector<std::string>> words(dataset.catalogue.rows);
  for (std::size_t row = 0; row < dataset.catalogue.rows; ++row) {
    const auto& tokens = tokenize(dataset.catalogue.strings.at("title")[row]);
    words[row].assign(tokens.begin() + 1, tokens.begin() + 3);  // the two words of the genre
  }
  std::unordered_map<std::string, std::unordered_map<std::string, double>> liked;
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) {
    if (!split.is_train(i)) continue;
    auto& of_user = liked[std::string(dataset.interactions.strings.at("user_id")[i])];
    for (const auto& word : words[static_cast<std::size_t>(dataset.item_rows[i])]) ++of_user[word];
  }
  const auto popularity = [&](const std::string&, std::size_t row) {
    return static_cast<double>(counts[row]);
  };
  const auto taste = [&](const std::string& user, std::size_t row) {
    double likes = 0;
    for (const auto& word : words[row]) likes += liked[user][word];
    return likes * static_cast<double>(counts[row]);
  };
  const double by_popularity = top_100_accuracy(dataset, split, popularity);
  const double by_taste = top_100_accuracy(dataset, split, taste);
  RecordProperty("by_popularity", std::to_string(by_popularity));
  RecordProperty("by_taste", std::to_string(by_taste));
  EXPECT_LT(by_popularity, 0.35);
  EXPECT_GT(by_taste, by_popularity + 0.2);
}

}  // namespace
}  // namespace gemel::ingest
