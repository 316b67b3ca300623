#pragma once

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Made-up interactions (ingest/synthetic_events.hpp) with a catalogue (ingest/synthetic_items.hpp), which a two-tower model can learn
/// from: what users like is few niches of the catalogue, titles tell the niches, few items of a niche are popular, and users come
/// back to their favourites. Columns as of MovieLens: user_id, rating, timestamp; item_id, title, genres.
///
/// What can be reached is known. Of the default sizes, top-10 and top-100 accuracy over all items:
///
///     random .007 .067 | popularity .065 .33 | the default training .42 .83 | the users' own preferences .64 .96
///
/// A pure function of `options`: each rank makes its own blocks of the interactions and of the catalogue, in
/// constant time and memory for each of their rows, whatever the sizes. Throws UsageError unless there is at least one user, item
/// and interaction, and at most 2^31 - 2 items. Collective.
Dataset synthesize(const SyntheticOptions& options, mpi::Communicator& communicator);

/// Throws UsageError unless data of these sizes can be.
void check(const SyntheticOptions& options);

}  // namespace gemel::ingest
