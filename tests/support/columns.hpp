#pragma once

#include <string>
#include <vector>

#include "ingest/columns.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel {

inline ingest::StringColumn make_column(const std::vector<std::string>& texts) {
  ingest::StringColumn column;
  for (const std::string& text : texts) column.push_back(text);
  return column;
}

/// This rank's block of rows that all ranks know.
template <class T>
std::vector<T> block_of(const std::vector<T>& all, const mpi::Communicator& communicator) {
  const auto rank = static_cast<std::size_t>(communicator.rank());
  const auto size = static_cast<std::size_t>(communicator.size());
  const auto at = [&](std::size_t part) {
    return all.begin() + static_cast<std::ptrdiff_t>(all.size() * part / size);
  };
  return {at(rank), at(rank + 1)};
}

/// The strings of all rows of a vocabulary of which each rank has a block. Collective.
inline std::vector<std::string> whole(const ingest::VocabularyBlock& block, mpi::Communicator& communicator) {
  const auto range = exchange::RowBlocks(block.rows, communicator.size()).block(communicator.rank());
  EXPECT_EQ(block.first, range.first);
  EXPECT_EQ(block.strings.size(), static_cast<std::size_t>(range.size()));
  return ingest::all_gather_strings(block.strings, communicator).texts();
}

}  // namespace gemel
