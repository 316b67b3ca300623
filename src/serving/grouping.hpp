#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mpi/communicator.hpp"
#include "serving/evaluation_data.hpp"

namespace gemel::serving {

/// Groups of examples. An example may be in several: one with an item of the genres Action|Comedy is in both.
struct Grouping {
  static constexpr std::size_t most_values = 20;  ///< of a column; what is rarer is one more group

  std::vector<std::string> names;    ///< in the order of values; of texts the most frequent first
  std::vector<std::uint32_t> masks;  ///< of each of this rank's examples: bit g is set where it is in group g
};

/// `by` is "popularity" (deciles of the catalogue's items by training examples, of which `item_counts` has all), "activity" (deciles of
/// users by theirs), or a column of the interactions or else of the items. Numbers of more than most_values different values are put
/// into deciles of the examples; texts are cut at "|". Throws AgreedError (usage) when there is no such column. Collective.
Grouping group_examples(const std::string& by, const EvaluationData& data,
                        std::span<const std::int64_t> item_counts, mpi::Communicator& communicator);

}  // namespace gemel::serving
