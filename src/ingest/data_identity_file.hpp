#pragma once

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/data_identity.hpp"

namespace gemel::ingest {

/// Writes the group /data of a checkpoint. Collective.
void write_data_identity(checkpoint::CheckpointWriter& writer, const DataIdentity& data);

/// The data on which a checkpoint was trained. Collective.
DataIdentity read_data_identity(checkpoint::CheckpointReader& reader);

}  // namespace gemel::ingest
