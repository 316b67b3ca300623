#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/vocabulary.hpp"
#include "tensor/matrix.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// The items that a model ranks, one for each row: what a recommender needs beside the query tower. This rank has those of its block
/// of exchange::RowBlocks(items, ranks).
struct Catalogue {
  ingest::VocabularyBlock ids;
  ingest::VocabularyBlock labels;    ///< what a person knows the item by: its title
  std::vector<std::int64_t> counts;  ///< training examples of every item, the same on every rank
  tensor::Matrix vectors;            ///< of the candidate tower, [block, d]

  std::int64_t size() const { return ids.rows; }
};

/// The same, of other owners.
struct CatalogueView {
  const ingest::VocabularyBlock& ids;
  const ingest::VocabularyBlock& labels;
  std::span<const std::int64_t> counts;
  tensor::ConstMatrixView vectors;
};

/// Writes the group /catalogue of a checkpoint. Collective.
void write_catalogue(checkpoint::CheckpointWriter& writer, const CatalogueView& catalogue);

/// Throws AgreedError (checkpoint) when its vectors have not `dim` columns, or its datasets are not of equally many items. Collective.
Catalogue read_catalogue(checkpoint::CheckpointReader& reader, std::size_t dim);

}  // namespace gemel::model
