#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::features {

/// Featurised rows. The value of a feature in a row is a list of 32-bit words: table rows, or the bits of floats. Most features have
/// one in each row; such a word stands in a block of fixed width, without a length. The lists of the others lie in a pool, in
/// any order, and the block has the place there.
struct FeatureRows {
  /// Words that the pool can have: a place in it is one word.
  static constexpr std::int64_t most_pool_words = std::numeric_limits<std::uint32_t>::max();

  std::size_t features = 0;
  std::vector<std::size_t> lists;  ///< the features that have lists, ascending
  std::vector<std::uint32_t>
      words;  ///< [rows, features], row-major; of a feature with lists, places in `pool`
  std::vector<std::uint32_t> pool;  ///< of each list its length, then its words

  std::size_t size() const { return features == 0 ? 0 : words.size() / features; }
  std::size_t bytes() const { return (words.size() + pool.size()) * sizeof(std::uint32_t); }
  bool has_lists(std::size_t feature) const;

  /// The list at a place in the pool.
  std::span<const std::uint32_t> list(std::uint32_t place) const {
    return std::span(pool).subspan(place + std::size_t{1}, pool[place]);
  }
  /// The value of a feature in a row; a single one is a list of one.
  std::span<const std::uint32_t> values(std::size_t row, std::size_t feature) const;

  /// Rows of the same features, of which there are none yet.
  FeatureRows empty_like() const;
  /// Puts a list into the pool, and returns its place. The pool must have room for it.
  std::uint32_t add_list(std::span<const std::uint32_t> list);
  /// Appends a row of others of the same features.
  void append(const FeatureRows& others, std::size_t row);
};

/// Appends the table rows that a feature has in the selected rows (-1: none), with repetitions.
void append_table_rows(std::size_t feature, const FeatureRows& rows, std::span<const std::int32_t> selection,
                       std::vector<std::int64_t>& table_rows);

/// Every rank's rows, in rank order, on every rank. Throws AgreedError (data) where their lists are too long for one pool.
/// Collective.
FeatureRows all_gather_rows(const FeatureRows& mine, mpi::Communicator& communicator);

/// Words of a row with the lengths of lists, as it travels from rank to rank: the mean over all ranks' rows. Collective.
double mean_words(const FeatureRows& mine, mpi::Communicator& communicator);

}  // namespace gemel::features
