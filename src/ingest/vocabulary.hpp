#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "exchange/placement.hpp"
#include "ingest/columns.hpp"
#include "ingest/distinct_strings.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// What stands in a vocabulary for every string that is not in it.
inline constexpr std::string_view unknown_token = "[UNK]";

/// Rows of a table are numbered in 32 bits.
inline constexpr std::int64_t most_table_rows = std::numeric_limits<std::uint32_t>::max();

/// Throws AgreedError (data) that begins with `what` when `rows` are more than most_table_rows. Every rank must give
/// the same.
void check_table_rows(std::int64_t rows, std::string_view what);

/// Throws AgreedError (checkpoint) for a stored vocabulary that cannot be. Every rank must call it.
[[noreturn]] void refuse_stored_vocabulary(std::string_view what);

struct StringHash {
  std::size_t operator()(std::string_view text) const { return hash_of(text); }
};

/// String -> row. The keys are views: the strings must outlive the map and stay where they are.
using RowMap = std::unordered_map<std::string_view, std::uint32_t, StringHash>;

/// The rows of distinct strings from row `special` on; the special rows before it cannot be looked up.
RowMap make_row_map(const StringColumn& strings, std::size_t special = 0);

/// Some consecutive rows of a vocabulary: the string of each row, special rows included. A rank has the block of
/// exchange::RowBlocks(rows, ranks) that is its own.
struct VocabularyBlock {
  std::int64_t rows = 0;   ///< of the whole vocabulary; 0 where a feature has none
  std::int64_t first = 0;  ///< row of strings[0]
  StringColumn strings;
};

/// This rank's block of a vocabulary that it has whole.
VocabularyBlock own_block(const StringColumn& whole, const mpi::Communicator& communicator);

/// A vocabulary that may be larger than a rank's memory. Each string is with the rank that owns its hash, with its
/// row and how often it occurs, in about 30 bytes and its characters.
///
/// Row 0 is "[UNK]", for strings that are not in the vocabulary; then come the strings by (XXH3-64 hash, string),
/// whatever the number of ranks. A vocabulary that grows out of a stored one keeps the rows of that, and the new
/// strings come after them in the same order.
class VocabularyDirectory {
 public:
  static constexpr std::uint32_t unknown_row = 0;
  static constexpr std::int64_t special_rows = 1;

  /// The strings of all ranks. `what` begins the message of AgreedError (data) for more than most_table_rows.
  /// Collective.
  VocabularyDirectory(const DistinctStrings& mine, mpi::Communicator& communicator, std::string_view what);
  /// The strings of all ranks added to those of a stored vocabulary, of which this rank has `stored`, any part; or not
  /// added when it is frozen. AgreedError (checkpoint) for a stored vocabulary that has a string twice or not every
  /// row. Collective.
  VocabularyDirectory(const DistinctStrings& mine, const VocabularyBlock& stored, bool freeze,
                      mpi::Communicator& communicator, std::string_view what);

  /// Rows of the whole vocabulary, and how many of them are new since it was stored.
  std::int64_t rows() const { return rows_; }
  std::int64_t added() const { return added_; }

  /// The strings of which this rank keeps the rows, with their counts, and the row of one of them: unknown_row for a
  /// string that a frozen vocabulary did not take in.
  const DistinctStrings& owned() const { return owned_; }
  std::uint32_t row(std::size_t owned_index) const {
    return rows_of_owned_.empty() ? first_row_ + static_cast<std::uint32_t>(owned_index)
                                  : rows_of_owned_[owned_index];
  }

  /// The row of each of `asked`, unknown_row where it has none. Each rank asks for what it likes. Collective; on
  /// one rank alone several threads may ask at once.
  std::vector<std::uint32_t> rows_of(const DistinctStrings& asked, mpi::Communicator& communicator) const;

  /// This rank's block of the rows. Collective.
  VocabularyBlock block(mpi::Communicator& communicator) const;

 private:
  std::uint32_t find(std::string_view text) const;
  std::vector<std::uint32_t> find(const StringColumn& texts) const;
  void number_new(std::int64_t old_rows, bool freeze, mpi::Communicator& communicator, std::string_view what);

  DistinctStrings owned_;
  std::uint32_t first_row_ = 0;  // of the first owned string, where rows follow the order of hashes
  std::vector<std::uint32_t> rows_of_owned_;  // where they do not
  std::int64_t rows_ = special_rows;
  std::int64_t added_ = 0;
};

}  // namespace gemel::ingest
