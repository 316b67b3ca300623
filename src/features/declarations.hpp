#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "features/feature.hpp"
#include "gemel/options.hpp"

namespace gemel::features {

/// The parsed declarations of a tower's features. Throws UsageError as parse_feature.
std::vector<FeatureSpec> parse_features(const std::vector<std::string>& declarations,
                                        std::size_t default_dim);

/// Throws UsageError when there are no layers and the two towers' features, which are then compared themselves, have not as many
/// columns. Features that the data may yet replace are not checked.
void check_widths(const ModelOptions& model);

}  // namespace gemel::features
