#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/feature_rows.hpp"

namespace gemel::features {

/// Featurised examples: the query features, the item, a row of the catalogue, and perhaps a weight.
struct Examples {
  FeatureRows features;
  std::vector<std::int32_t> items;
  std::vector<float> weights;  ///< finite and not negative; empty when all examples weigh the same
  std::vector<std::int32_t>
      users;  ///< the number of each one's user (UserNumbers); empty where nothing needs it
  std::vector<std::int64_t>
      places;  ///< where each one stands among those of all ranks; empty: as they come, rank after rank

  std::size_t size() const { return items.size(); }
};

}  // namespace gemel::features
