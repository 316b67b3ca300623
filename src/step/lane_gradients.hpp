#pragma once

#include <vector>

#include "exchange/row_gradient.hpp"
#include "tensor/matrix.hpp"

namespace gemel::step {

/// What the passes of this rank's lanes leave to the update.
struct LaneGradients {
  tensor::Matrix dense;                                  ///< [own lanes, dense parameters]
  std::vector<std::vector<exchange::RowGradient>> rows;  ///< [own lane][table]
};

}  // namespace gemel::step
