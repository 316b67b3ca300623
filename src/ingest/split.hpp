#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "ingest/part.hpp"
#include "ingest/stored_split.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The split of an earlier run that is gone on with.
struct EarlierSplit {
  SplitBorders borders;
  bool is_of_other_data = false;  ///< than is to be split now
};

/// Where this rank's interactions went.
struct Split {
  std::vector<Part> parts;  ///< of each
  /// The interactions of a part are numbered from 0 in the order of the data: this rank's follow each other from these numbers on.
  std::array<std::int64_t, part_names.size()> firsts = {};
  std::array<std::int64_t, part_names.size()> sizes = {};  ///< interactions of each part, of all ranks
  SplitBorders borders;
  bool is_stored = false;  ///< with the data: it is that one

  std::int64_t size(Part part) const { return sizes[static_cast<std::size_t>(part)]; }
  std::int64_t first(Part part) const { return firsts[static_cast<std::size_t>(part)]; }
  bool is_train(std::size_t own) const { return parts[own] == Part::train; }
};

/// Divides the interactions as `options` say, or takes the split that is stored with the data, if it is that one; those that come already split keep their parts (but for validation examples
/// drawn out of the training part). The same for every number of ranks; a rank needs memory for its own interactions.
///
/// What is drawn at random is drawn from the interaction itself, and as many have the lowest draws as the share says. With an
/// `earlier` split its borders decide instead: the shares of more data are then about the same.
///
/// Of interactions of the same time the one that is later in the data is the later one; so are all where the data has no
/// timestamps, for leave_last_out and leave_last_two_out. These take the last one of users that have two or more, and the
/// last two of users that have three or more.
///
/// Throws AgreedError: usage for options that cannot be, for time without timestamps, and for a chosen split of data that comes
/// already split; data when a part that is wanted would be empty. Collective.
Split split_interactions(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator,
                         const EarlierSplit* earlier = nullptr);

}  // namespace gemel::ingest
