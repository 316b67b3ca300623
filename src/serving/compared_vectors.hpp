#pragma once

#include "gemel/model.hpp"
#include "model/loaded_model.hpp"
#include "tensor/matrix.hpp"

namespace gemel::serving {

using gemel::Measure;

/// This rank's vectors [block, d] of the items as they are compared with one another: without the last column where that is of biases,
/// which a model adds to the scores of all queries alike, and as unit vectors for cosines.
tensor::Matrix compared_vectors(const model::LoadedModel& model, Measure measure);

}  // namespace gemel::serving
