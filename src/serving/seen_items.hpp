#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ingest/block_strings.hpp"
#include "ingest/dataset.hpp"
#include "ingest/history_file.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// The items of a catalogue that each user has seen. Every rank has all of them, and the ids of some users.
class SeenItems {
 public:
  /// The training items that a checkpoint has. Collective.
  SeenItems(ingest::StoredHistory history, mpi::Communicator& communicator);
  /// The items of all interactions of a data set, where they are in the catalogue whose ids these are, of which this rank has its block.
  /// Root warns of items that are not. Throws AgreedError (data) where none is, or the interactions have no users. Collective.
  SeenItems(const ingest::Dataset& dataset, const ingest::VocabularyBlock& item_ids,
            mpi::Communicator& communicator);

  /// Of each user the rows of the catalogue, ascending; none of unknown users. Each rank asks for what it likes. Collective.
  std::vector<std::span<const std::int32_t>> items_of(const ingest::TextColumn& users,
                                                      mpi::Communicator& communicator) const;

 private:
  ingest::IdDirectory users_;
  ingest::UserHistory items_;
};

}  // namespace gemel::serving
