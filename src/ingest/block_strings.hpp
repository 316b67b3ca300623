#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// The strings in these rows of a list that is spread over the ranks in blocks, such as the ids of a catalogue. Each rank asks for
/// what it likes. Collective.
StringColumn strings_at(const VocabularyBlock& block, std::span<const std::int64_t> rows,
                        mpi::Communicator& communicator);

/// Finds the rows of a list of distinct strings that is spread over the ranks in blocks: about 30 bytes for each, and its characters,
/// with the rank that owns its hash.
class IdDirectory {
 public:
  static constexpr std::int64_t no_row = -1;

  /// Throws AgreedError (checkpoint) that begins with `what` for a list that has a string twice. Collective.
  IdDirectory(const VocabularyBlock& ids, mpi::Communicator& communicator, std::string_view what);
  /// Of all ranks' strings, in the order of UserNumbers. Collective.
  IdDirectory(const DistinctStrings& mine, mpi::Communicator& communicator, std::string_view what);

  std::int64_t rows() const { return directory_.rows() - VocabularyDirectory::special_rows; }
  /// The row of each of `asked`, or no_row. Each rank asks for what it likes. Collective.
  std::vector<std::int64_t> rows_of(const TextColumn& asked, mpi::Communicator& communicator) const;

 private:
  VocabularyDirectory directory_;  // in which rows are one later, behind that of unknown strings
};

}  // namespace gemel::ingest
