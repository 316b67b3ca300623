#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gemel/base/random.hpp"
#include "gemel/ingest/dataset.hpp"
#include "gemel/ingest/options.hpp"
#include "gemel/ingest/part.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

/// The random draw that makes each interaction a training or a test example: a function of (number of
/// interactions, fraction, seed) alone, so every rank knows all of it.
class RandomSplit {
 public:
  /// Where an interaction went: it is training (or test) example `number`, counted from 0.
  struct Place {
    bool is_test = false;
    std::int64_t number = 0;
  };

  /// round(total * test_fraction) of `total` interactions become test examples. Throws UsageError for a
  /// fraction outside [0, 1), and DataError when no training example is left.
  RandomSplit(std::int64_t total, double test_fraction, std::uint64_t split_seed);

  std::int64_t train_size() const { return train_size_; }
  std::int64_t test_size() const { return static_cast<std::int64_t>(order_.size()) - train_size_; }

  /// Of the interaction with this global index.
  Place place(std::int64_t index) const {
    const auto position = static_cast<std::int64_t>(order_(static_cast<std::uint64_t>(index)));
    if (position < train_size_) return {.is_test = false, .number = position};
    return {.is_test = true, .number = position - train_size_};
  }
  bool is_test(std::int64_t index) const { return place(index).is_test; }
  std::int64_t number(std::int64_t index) const { return place(index).number; }

 private:
  base::KeyedPermutation order_;
  std::int64_t train_size_;
};

/// Where this rank's interactions went.
struct Split {
  std::vector<Part> parts;  ///< of each
  std::vector<std::int64_t>
      numbers;  ///< of each, from 0 among the interactions of all ranks that are of its part
  std::array<std::int64_t, part_names.size()> sizes = {};  ///< interactions of each part, of all ranks

  std::int64_t size(Part part) const { return sizes[static_cast<std::size_t>(part)]; }
  bool is_train(std::size_t own) const { return parts[own] == Part::train; }
};

/// Divides the interactions as `options` say; those that come already split keep their parts (but for validation examples
/// drawn out of the training part). The same for every number of ranks; a rank needs memory for its own interactions.
///
/// Of interactions of the same time the one that is later in the data is the later one; so are all where the data has no
/// timestamps, for leave_last_out and leave_last_two_out. These take the last one of users that have two or more, and the
/// last two of users that have three or more.
///
/// Throws AgreedError: usage for options that cannot be, for time without timestamps, and for a chosen split of data that comes
/// already split; data when a part that is wanted would be empty. Collective.
Split split_interactions(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator);

}  // namespace gemel::ingest
