#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "ingest/distinct_strings.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

/// Finds the rows of strings in a vocabulary that is fitted.
class VocabularyIndex {
 public:
  virtual ~VocabularyIndex() = default;

  /// The row of each of `asked`, that of unknown strings where it has none. Each rank asks for what it likes. Collective; on one rank
  /// alone several threads may ask at once.
  virtual std::vector<std::uint32_t> rows_of(const ingest::DistinctStrings& asked,
                                             mpi::Communicator& communicator) const = 0;
};

/// Of a vocabulary that is spread over the ranks.
std::unique_ptr<const VocabularyIndex> make_index(ingest::VocabularyDirectory directory);

/// Of one that every rank has, whose first rows are special: `unknown_row`, which is one of them, is that of unknown strings.
std::unique_ptr<const VocabularyIndex> make_index(ingest::StringColumn whole, std::size_t special,
                                                  std::uint32_t unknown_row);

}  // namespace gemel::features
