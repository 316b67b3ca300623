#pragma once

#include <cstdint>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/user_history.hpp"
#include "ingest/vocabulary.hpp"

namespace gemel::ingest {

/// Users, and the items that each of them has to do with, of other owners. Each rank has consecutive users, in rank order, and all of
/// the items.
struct HistoryView {
  const VocabularyBlock& users;
  const UserHistory& items;
};

/// Writes the group /users of a checkpoint: id [U], first [U + 1] and item [pairs]; user u has the items first[u] to first[u + 1].
/// Collective.
void write_history(checkpoint::CheckpointWriter& writer, const HistoryView& history);

struct StoredHistory {
  VocabularyBlock users;  ///< this rank's block
  UserHistory items;
};

/// Whether the checkpoint has one. Collective.
bool has_history(checkpoint::CheckpointReader& reader);
/// Throws AgreedError (checkpoint) for a group that is none of a catalogue of so many items, and (usage) where there is no memory for
/// it. Collective.
StoredHistory read_history(checkpoint::CheckpointReader& reader, std::int64_t catalogue_items);

}  // namespace gemel::ingest
