#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "gemel/data.hpp"
#include "ingest/synthetic_draws.hpp"

namespace gemel::ingest {

/// The made-up catalogue. Items belong to niches of about 25, niches to genres; within a niche, popularity follows Zipf's law.
/// An item's title has two words of its genre; the pair is the niche's. The numbers of items tell neither genre nor popularity.
/// All in constant time and memory.
class SyntheticItems {
 public:
  /// Of at least one item.
  explicit SyntheticItems(const SyntheticOptions& options);

  std::int64_t size() const { return items_; }
  std::int64_t niches() const { return niches_; }
  std::int64_t genres() const { return genres_; }
  /// Niches of a genre, and which one is its `index`th.
  std::int64_t niches_of(std::int64_t genre) const { return (niches_ - genre + genres_ - 1) / genres_; }
  std::int64_t niche_of(std::int64_t genre, std::int64_t index) const { return index * genres_ + genre; }

  /// The row of the catalogue of the item that `uniform` in [0, 1) chooses from a niche, by popularity.
  std::int64_t row_in_niche(std::int64_t niche, double uniform) const;
  /// The niche of a row of the catalogue, and the probability of the row within it.
  std::int64_t niche_of_row(std::int64_t row) const { return item_of(row) % niches_; }
  double probability_in_niche(std::int64_t row) const;

  /// "Lost Galaxy, Orbit (1957)". One item in a hundred has the title of its niche's next more popular one.
  std::string title(std::int64_t row) const;
  /// Its genre, and for one item in four another one, in the order of their numbers: "Horror|Comedy".
  std::string genres(std::int64_t row) const;
  std::vector<std::string_view> genre_names() const;
  /// The numbers of an item's genres; twice the same where it has one.
  std::pair<std::int64_t, std::int64_t> genre_numbers(std::int64_t row) const;

 private:
  // Item p is the (p / niches)th most popular of niche p % niches.
  std::int64_t item_of(std::int64_t row) const {
    return static_cast<std::int64_t>(row_of_.inverse(static_cast<std::uint64_t>(row)));
  }
  std::int64_t niche_size(std::int64_t niche) const { return (items_ - niche + niches_ - 1) / niches_; }

  std::int64_t items_;
  std::int64_t niches_;
  std::int64_t genres_;
  std::uint64_t title_key_;
  base::KeyedPermutation row_of_;
  SyntheticDraws same_title_;
  SyntheticDraws second_genre_;
};

}  // namespace gemel::ingest
