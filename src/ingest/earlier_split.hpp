#pragma once

#include <string>

#include "gemel/data.hpp"
#include "ingest/data_identity.hpp"
#include "ingest/dataset.hpp"
#include "ingest/split.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A model whose training examples must not come into a test.
struct EarlierModel {
  std::string path;                                      ///< of its checkpoint, for messages
  const DataIdentity& data;                              ///< on which it was trained
  std::string remedy = "start afresh without --resume";  ///< where its split cannot be gone on with
};

/// The split of the data that a model was trained on; on data that has grown, that one gone on with. `options` must be those of the
/// model. Throws as split_interactions, and AgreedError (checkpoint) for a model whose split cannot be gone on with. Collective.
Split split_as_before(const Dataset& dataset, const DataOptions& options, const EarlierModel& earlier,
                      mpi::Communicator& communicator);

/// Says what has become of the examples that a model was trained on, where that flatters the test of other data. Throws
/// AgreedError (checkpoint) where a split that is drawn (`draws_test`) would draw them anew. Collective.
void check_trained(const EarlierModel& earlier, const Dataset& dataset, const Split& split, bool draws_test,
                   mpi::Communicator& communicator);

}  // namespace gemel::ingest
