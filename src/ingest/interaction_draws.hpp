#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A hash of the id of every item of the catalogue, on every rank. Collective.
std::vector<std::uint64_t> hash_item_ids(const Dataset& dataset, mpi::Communicator& communicator);

/// Random numbers that are drawn from an interaction itself: from its user, its item, its time, and which one it is of equal ones
/// in the order of the data. So it keeps its draw whatever else comes into the data, and wherever it then stands.
class InteractionDraws {
 public:
  /// Draws are in [0, end).
  static constexpr std::int64_t end = std::int64_t{1} << 62;

  /// Of this rank's interactions. Those that come in different parts are never equal. What travels is 12 bytes for each interaction;
  /// a rank needs the hashes of all items' ids. Collective.
  InteractionDraws(const Dataset& dataset, mpi::Communicator& communicator);

  /// A number for each of this rank's interactions: another one for each seed and purpose.
  std::vector<std::int64_t> draw(std::uint64_t seed, std::string_view purpose) const;

 private:
  std::vector<std::uint64_t> identities_;
};

}  // namespace gemel::ingest
