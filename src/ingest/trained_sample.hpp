#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mpi/communicator.hpp"

namespace gemel::ingest {

struct Dataset;
struct Split;

/// Some of the interactions that a model was trained on, drawn evenly: those with the least hashes. Kept with the model, they tell what
/// has become of its training examples in other data.
struct TrainedSample {
  static constexpr std::size_t most = 4096;

  /// Of each interaction a hash of its user and item, and one of its user, item and time. By the latter, ascending.
  std::vector<std::uint64_t> pairs;
  std::vector<std::uint64_t> interactions;

  std::int64_t size() const { return static_cast<std::int64_t>(pairs.size()); }
  bool operator==(const TrainedSample&) const = default;
};

/// A sample of the training examples and of those of `earlier` together; that of a stored split is stored with it. The same on every rank.
/// Collective.
TrainedSample sample_training(const Dataset& dataset, const Split& split, const TrainedSample& earlier,
                              mpi::Communicator& communicator);

/// How many of a sample's interactions there are in other data.
struct SampleFate {
  std::int64_t in_training = 0;
  std::int64_t held_out = 0;         ///< for validation or test, and not in training
  std::int64_t at_another_time = 0;  ///< only with another time, or with one where there was none
  std::int64_t absent = 0;
};

/// Looks for a sample in data that has been split. The same on every rank. Collective.
SampleFate find_sample(const TrainedSample& sample, const Dataset& dataset, const Split& split,
                       mpi::Communicator& communicator);

}  // namespace gemel::ingest
