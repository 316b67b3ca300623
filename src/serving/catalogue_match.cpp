#include "serving/catalogue_match.hpp"

#include <limits>
#include <span>

#include "base/error.hpp"
#include "ingest/block_strings.hpp"

namespace gemel::serving {

std::vector<std::int32_t> match_items(const ingest::VocabularyBlock& model_ids,
                                      const ingest::Dataset& dataset, mpi::Communicator& communicator) {
  const ingest::IdDirectory directory(model_ids, communicator, "the model's catalogue");
  const std::vector<std::int64_t> mine =
      directory.rows_of(dataset.catalogue.strings.at("item_id"), communicator);
  const auto matched = communicator.all_gather_varying(std::span<const std::int64_t>(mine));
  std::int64_t next = model_ids.rows;
  std::vector<std::int32_t> rows;
  for (const std::int64_t of_item : matched)
    rows.push_back(static_cast<std::int32_t>(of_item != ingest::IdDirectory::no_row ? of_item : next++));
  base::require(next <= std::numeric_limits<std::int32_t>::max(), "more items than can be numbered");
  return rows;
}

}  // namespace gemel::serving
