#include "serving/catalogue_match.hpp"

#include <limits>
#include <span>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"

namespace gemel::serving {
namespace {

/// The row of each of this rank's ids in the directory, which has unknown_row for those it lacks. Collective.
std::vector<std::uint32_t> look_up(const ingest::VocabularyDirectory& directory,
                                   const ingest::StringColumn& ids, mpi::Communicator& communicator) {
  const ingest::DistinctStrings distinct = ingest::distinct_strings(ids);
  const std::vector<std::uint32_t> found = directory.rows_of(distinct, communicator);
  std::vector<std::uint32_t> rows;
  for (const std::uint32_t place : distinct.places) rows.push_back(found[place]);
  return rows;
}

}  // namespace

std::vector<std::int32_t> match_items(const ingest::VocabularyBlock& model_ids,
                                      const ingest::VocabularyBlock& data_ids,
                                      mpi::Communicator& communicator) {
  using Directory = ingest::VocabularyDirectory;
  const Directory directory(ingest::distinct_strings(model_ids.strings), communicator,
                            "the model's catalogue");
  base::require(directory.rows() == model_ids.rows + Directory::special_rows, "a catalogue has an id twice");
  // The directory orders ids by hash: what rows of the catalogue these are, and then of the data. Each number comes from one rank.
  std::vector<std::int64_t> catalogue_rows(static_cast<std::size_t>(directory.rows()), 0);
  std::int64_t row = model_ids.first;
  for (const std::uint32_t found : look_up(directory, model_ids.strings, communicator))
    catalogue_rows[found] = row++;
  communicator.sum(std::span(catalogue_rows));
  std::vector<std::int64_t> matched(static_cast<std::size_t>(data_ids.rows), 0);
  auto item = static_cast<std::size_t>(data_ids.first);
  for (const std::uint32_t found : look_up(directory, data_ids.strings, communicator))
    matched[item++] = found == Directory::unknown_row ? -1 : catalogue_rows[found];
  communicator.sum(std::span(matched));
  std::int64_t next = model_ids.rows;
  std::vector<std::int32_t> rows;
  for (const std::int64_t of_item : matched)
    rows.push_back(static_cast<std::int32_t>(of_item >= 0 ? of_item : next++));
  base::require(next <= std::numeric_limits<std::int32_t>::max(), "more items than can be numbered");
  return rows;
}

}  // namespace gemel::serving
