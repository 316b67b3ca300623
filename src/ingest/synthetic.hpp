#pragma once

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Made-up interactions with a structure that a two-tower model can learn. Items belong to genres; their
/// titles are made of words of the genre; within a genre few items are popular; some titles occur twice. A
/// user likes two genres, one more than the other, and is active in one week of seven months, more or less
/// often. Columns as of MovieLens: user_id, rating, timestamp; item_id, title. Item and user numbers say
/// nothing of genre or popularity. The column genres has an item's genre, and for some items another one.
///
/// A pure function of `options`: each rank makes its own blocks of the interactions and of the catalogue, in
/// constant time and memory for each of their rows, whatever the sizes. Throws UsageError unless there is at least one user, item
/// and interaction, and at most 2^31 - 2 items. Collective.
Dataset synthesize(const SyntheticOptions& options, mpi::Communicator& communicator);

}  // namespace gemel::ingest
