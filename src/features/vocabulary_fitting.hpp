#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "features/kind.hpp"
#include "ingest/distinct_strings.hpp"

namespace gemel::features {

/// The row of each of `distinct` in the vocabulary of all ranks' `known` strings, which becomes the feature's. A continued one takes
/// in those that it lacks, unless it is frozen. Collective.
std::vector<std::uint32_t> rows_in_directory(const ingest::DistinctStrings& known,
                                             const ingest::DistinctStrings& distinct, const Fitting& fitting);

/// Gives every text its row of the vocabulary of all texts. Collective.
void look_up_texts(const Fitting& fitting, ValueColumn& values);

/// Appends the parts of a text.
using CutText = std::function<void(std::string_view text, ingest::StringColumn& parts)>;

/// The arguments and result of rows_in_directory.
using FindRows = std::function<std::vector<std::uint32_t>(const ingest::DistinctStrings& known,
                                                          const ingest::DistinctStrings& distinct)>;

/// Gives every text the list of its parts' rows. Throws AgreedError (data) where a rank's lists are too long. Collective.
void look_up_parts(const CutText& cut, const FindRows& find_rows, const Fitting& fitting,
                   ValueColumn& values);

}  // namespace gemel::features
