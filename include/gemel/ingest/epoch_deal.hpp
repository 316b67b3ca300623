#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gemel/exchange/lane_tree.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

/// Featurised examples: the words of the query features, and the item, a row of the catalogue.
struct Examples {
  FeatureRows features;
  std::vector<std::int32_t> items;
  std::vector<std::int32_t>
      users;  ///< the number of each one's user (UserNumbers); empty where nothing needs it

  std::size_t size() const { return items.size(); }
};

/// The order of the training examples. A rank stores its block of them and nothing else; every epoch is a
/// global shuffle, a keyed permutation of all examples that is a function of (seed, epoch) alone, and the
/// ranks deal: each example travels to the rank whose lane trains it.
class EpochDeal {
 public:
  /// `own` are this rank's examples, numbers[i] the number of own example i among the `total` examples of all
  /// ranks.
  EpochDeal(const exchange::LanePlan& plan, mpi::Communicator& communicator, Examples own,
            std::vector<std::int64_t> numbers, std::int64_t total, std::int64_t batch_size,
            std::uint64_t seed);

  std::int64_t batches() const { return (total_ + batch_size_ - 1) / batch_size_; }
  /// Examples of batch `batch` (from 0) over all ranks; only the last one may be short.
  std::int64_t batch_examples(std::int64_t batch) const;

  /// Deals epoch `epoch` (from 0). Collective.
  void deal(std::int64_t epoch);

  /// The examples dealt to this rank, by position in the epoch.
  const Examples& dealt() const { return dealt_; }
  /// Which of them, [first, last), lane `lane` of this rank trains in batch `batch`.
  struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t size() const { return last - first; }
  };
  Range lane(std::int64_t batch, int lane) const;
  /// The same for all lanes of this rank, which lie one after the other.
  Range own_lanes(std::int64_t batch) const;

 private:
  int rank_of_lane(int lane) const;
  std::size_t dealt_before(std::int64_t batch, int lane) const;

  const exchange::LanePlan& plan_;
  mpi::Communicator& communicator_;
  Examples own_;
  std::vector<std::int64_t> numbers_;
  std::int64_t total_;
  std::int64_t batch_size_;
  std::uint64_t seed_;
  Examples dealt_;
};

}  // namespace gemel::ingest
