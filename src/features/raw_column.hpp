#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "features/feature.hpp"
#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

/// The feature, as messages begin with it: feature "age:bucketize(9):32".
std::string described(const FeatureSpec& spec);

/// Throws AgreedError (usage) when the columns have not what the feature is made of, with the columns there are. `remedy` ends the
/// message of a column that is not there.
void check_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view remedy = "");

/// This rank's rows of the column of a feature, which check_column has found. `described` must outlive it.
RawColumn raw_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view described,
                     mpi::Communicator& communicator);

/// Rows of these features, whose values are yet to be put in.
FeatureRows blank_rows(const std::vector<FeatureSpec>& specs, std::size_t rows);

}  // namespace gemel::features
