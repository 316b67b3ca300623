#pragma once

#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "features/feature.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "step/epoch_deal.hpp"
#include "support/lanes.hpp"
#include "support/reference_model.hpp"

/// A problem with every kind of feature, small enough for the reference model.
namespace gemel::test::tiny {

inline constexpr std::int64_t total = 60;
inline constexpr std::int32_t items = 23;

/// A feature of a column of its own, with a table of so many rows.
inline features::FittedFeature feature(const std::string& kind, std::size_t rows, std::size_t dim) {
  features::FittedFeature result;
  result.spec = features::parse_feature("column" + std::to_string(rows) + ":" + kind, dim);
  if (result.table_rows() == static_cast<std::int64_t>(rows)) return result;
  result.vocabulary.rows = static_cast<std::int64_t>(rows);
  for (std::size_t i = 0; i < rows; ++i) result.vocabulary.strings.push_back(std::to_string(i));
  return result;
}

inline std::vector<features::FittedFeature> query_features() {
  return {feature("lookup", 7, 3), feature("bucketize(4)", 5, 2), feature("normalize", 0, 1)};
}

inline std::vector<features::FittedFeature> candidate_features() {
  return {feature("lookup", items, 3), feature("text(9)", 9, 4)};
}

inline std::uint32_t draw(std::uint64_t stream, std::uint64_t index, std::uint32_t bound) {
  return static_cast<std::uint32_t>((number(stream, index) + 1.0F) / 2.0F * static_cast<float>(bound));
}

/// All 60 examples. A few items are in many of them.
inline features::Examples all_examples() {
  features::Examples result;
  result.features.features = 3;
  for (std::uint64_t i = 0; i < total; ++i) {
    result.features.words.push_back(draw(1, i, 6));  // row 6 is never looked up
    result.features.words.push_back(draw(2, i, 5));
    result.features.words.push_back(std::bit_cast<std::uint32_t>(number(3, i)));
    const float popularity = (number(4, i) + 1.0F) / 2.0F;
    result.items.push_back(static_cast<std::int32_t>(popularity * popularity * static_cast<float>(items)));
  }
  return result;
}

/// The user of an example of all_examples(): a word of its features.
inline std::int32_t user(std::size_t example) {
  return static_cast<std::int32_t>(draw(1, example, 6));
}
inline constexpr std::int64_t users = 6;

/// The items of each user.
inline std::vector<std::set<std::int32_t>> seen_items() {
  std::vector<std::set<std::int32_t>> seen(users);
  const features::Examples all = all_examples();
  for (std::size_t i = 0; i < all.size(); ++i) seen[static_cast<std::size_t>(user(i))].insert(all.items[i]);
  return seen;
}

/// Every item's own lookup row, and a list of 0 to 4 tokens that may repeat.
inline features::FeatureRows catalogue() {
  features::FeatureRows rows;
  rows.features = 2;
  rows.lists = {1};
  for (std::uint32_t item = 0; item < items; ++item) {
    std::vector<std::uint32_t> tokens;
    for (std::uint32_t i = 0; i < item % 5; ++i) tokens.push_back(draw(5, item * 8 + i, 9));
    rows.words.push_back(item);
    rows.words.push_back(rows.add_list(tokens));
  }
  return rows;
}

/// The same with a word more for each item: its own row.
inline features::FeatureRows catalogue_with_ids() {
  const features::FeatureRows without = catalogue();
  features::FeatureRows rows;
  rows.features = 3;
  rows.lists = without.lists;
  rows.pool = without.pool;
  for (std::uint32_t item = 0; item < items; ++item) {
    rows.words.insert(rows.words.end(), {without.words[item * 2], without.words[item * 2 + 1], item});
  }
  return rows;
}

inline std::vector<std::int64_t> item_counts() {
  std::vector<std::int64_t> counts(items, 0);
  for (const std::int32_t item : all_examples().items) ++counts[static_cast<std::size_t>(item)];
  return counts;
}

/// The names of all tables.
inline std::set<std::string> all_tables() {
  const model::TwoTower model(query_features(), candidate_features(), {.layers = {1}}, 1);
  std::set<std::string> names;
  for (const model::EmbeddingTable* table : model.tables()) names.insert(table->name());
  return names;
}

/// Weights large enough that no activation, score or share is trivial. A learned temperature stays as it is.
inline void fill_with_weights(model::TwoTower& model) {
  std::uint64_t stream = 50;
  for (model::EmbeddingTable* table : model.tables()) {
    const std::size_t first = static_cast<std::size_t>(table->held().first) * table->dim();
    for (std::size_t i = 0; i < table->weights().size(); ++i) {
      table->weights().data()[i] = number(stream, first + i);
    }
    ++stream;
  }
  for (const model::DenseLayout::Place& place : model.dense().places()) {
    if (place.name == model::log_temperature) continue;
    const auto values = place.in(model.dense().values()).flat();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 0.8F * number(stream, place.offset + i);
  }
}

inline ReferenceModel reference_of(const model::TwoTower& model) {
  return {reference_tower(model.query(), model.dense()), reference_tower(model.candidate(), model.dense())};
}

/// The examples i of all_examples() with i % ranks == rank, and their numbers.
inline features::Examples examples_of_rank(int ranks, int rank, std::vector<std::int64_t>& numbers) {
  const features::Examples all = all_examples();
  features::Examples own;
  own.features.features = 3;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (static_cast<int>(i) % ranks != rank) continue;
    numbers.push_back(static_cast<std::int64_t>(i));
    own.items.push_back(all.items[i]);
    for (std::size_t word = 0; word < 3; ++word)
      own.features.words.push_back(all.features.words[i * 3 + word]);
  }
  return own;
}

/// Every table of a model, whole, and its dense parameters.
inline std::vector<std::vector<float>> all_parameters(model::TwoTower& model, mpi::Communicator& world) {
  std::vector<std::vector<float>> all;
  for (const model::EmbeddingTable* table : model.tables()) {
    const auto held = table->weights().view().flat();
    if (table->is_sharded()) {
      all.push_back(world.all_gather_varying(std::span<const float>(held)));
    } else {
      all.emplace_back(held.begin(), held.end());
    }
  }
  all.emplace_back(model.dense().values().begin(), model.dense().values().end());
  return all;
}

}  // namespace gemel::test::tiny
