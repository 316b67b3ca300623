#include "ingest/block_strings.hpp"

#include <numeric>

#include "ingest/string_exchange.hpp"

namespace gemel::ingest {
namespace {

/// The ids as rows of a vocabulary, after that of unknown strings.
VocabularyBlock behind_unknown(const VocabularyBlock& ids, const mpi::Communicator& communicator) {
  VocabularyBlock block = {ids.rows + VocabularyDirectory::special_rows,
                           ids.first + VocabularyDirectory::special_rows, ids.strings};
  if (!communicator.is_root()) return block;
  block.first = 0;
  block.strings = {};
  block.strings.push_back(unknown_token);
  for (std::size_t i = 0; i < ids.strings.size(); ++i) block.strings.push_back(ids.strings[i]);
  return block;
}

}  // namespace

StringColumn strings_at(const VocabularyBlock& block, std::span<const std::int64_t> rows,
                        mpi::Communicator& communicator) {
  const auto string_of = [&](std::int64_t row) {
    return block.strings[static_cast<std::size_t>(row - block.first)];
  };
  StringColumn strings;
  if (communicator.size() == 1) {
    for (const std::int64_t row : rows) strings.push_back(string_of(row));
    return strings;
  }
  const exchange::RowBlocks blocks(block.rows, communicator.size());
  // Where each rank's questions begin; then where each question stands among them.
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  for (const std::int64_t row : rows) ++counts[static_cast<std::size_t>(blocks.owner(row))];
  std::vector<std::size_t> next(counts.size(), 0);
  std::partial_sum(counts.begin(), counts.end() - 1, next.begin() + 1);
  std::vector<std::size_t> places(rows.size());
  std::vector<std::int64_t> questions(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    places[i] = next[static_cast<std::size_t>(blocks.owner(rows[i]))]++;
    questions[places[i]] = rows[i];
  }
  std::vector<std::size_t> received;
  const auto asked = communicator.all_to_all(std::span<const std::int64_t>(questions), counts, received);
  StringColumn answers;
  for (const std::int64_t row : asked) answers.push_back(string_of(row));
  std::vector<std::size_t> as_asked;
  const StringColumn came = all_to_all_strings(answers, received, as_asked, communicator);
  for (const std::size_t place : places) strings.push_back(came[place]);
  return strings;
}

IdDirectory::IdDirectory(const VocabularyBlock& ids, mpi::Communicator& communicator, std::string_view what)
    : directory_({}, behind_unknown(ids, communicator), /*freeze=*/true, communicator, what) {}

IdDirectory::IdDirectory(const DistinctStrings& mine, mpi::Communicator& communicator, std::string_view what)
    : directory_(mine, communicator, what) {}

std::vector<std::int64_t> IdDirectory::rows_of(const TextColumn& asked,
                                               mpi::Communicator& communicator) const {
  const DistinctStrings distinct = distinct_strings(asked);
  const std::vector<std::uint32_t> of_distinct = directory_.rows_of(distinct, communicator);
  std::vector<std::int64_t> rows;
  for (const std::uint32_t place : distinct.places)
    rows.push_back(std::int64_t{of_distinct[place]} - VocabularyDirectory::special_rows);
  return rows;
}

}  // namespace gemel::ingest
