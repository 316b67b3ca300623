#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exchange/distinct_candidates.hpp"
#include "exchange/lane_tree.hpp"
#include "exchange/tag.hpp"
#include "mpi/communicator.hpp"
#include "mpi/pending.hpp"

namespace gemel::exchange {

/// Tells every rank which items are in a batch: with those that are drawn for it, the columns of its loss. Where the columns are the
/// whole catalogue, none has to be told. With the items travel one word of flags per rank and, where examples have weights, the weight of
/// each lane.
class CandidateGather {
 public:
  CandidateGather(const LaneLayout& layout, mpi::Communicator& communicator, std::size_t catalogue_size,
                  bool whole_catalogue = false);

  /// Begins to gather the items of all ranks' lanes of a batch of `batch_size` examples: each rank sends its own, 4 bytes each
  /// (none for the whole catalogue), a word of flags, and its lanes' weights, 8 bytes each, to every other. `own_weights` [own lanes]
  /// are the sums of the weights of their examples; empty, on every rank alike, when each weighs 1. Collective.
  void start(std::span<const std::int32_t> own_items, std::int64_t batch_size, std::uint32_t own_flags,
             std::span<const double> own_weights = {});

  /// Waits for the other ranks' items. `finish` does, too.
  void wait() { pending_.wait(); }
  /// Lets MPI move data; call now and then between start and finish.
  void progress() { pending_.progress(); }
  /// Returns the bitwise or of all ranks' flags; candidates() are those of the batch and `drawn` then. Collective.
  std::uint32_t finish(std::span<const std::int32_t> drawn = {});

  /// The weight of the batch that was gathered: summed over its lanes along the lane tree.
  double weight() const { return weight_; }
  const DistinctCandidates& candidates() const { return candidates_; }

 private:
  const LaneLayout& layout_;
  mpi::Communicator& communicator_;
  bool whole_catalogue_;
  DistinctCandidates candidates_;
  bool has_weights_ = false;
  double weight_ = 0;
  std::vector<double> weights_;          // of all lanes
  std::vector<std::size_t> counts_;      // of words, per rank
  std::vector<std::int32_t> own_words_;  // the flags, the weights, then the items
  std::vector<std::int32_t> all_words_;
  std::vector<std::int32_t> items_;
  mpi::Pending pending_{tag::candidate_gather};
};

}  // namespace gemel::exchange
