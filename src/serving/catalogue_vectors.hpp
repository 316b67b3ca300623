#pragma once

#include "model/catalogue_file.hpp"
#include "serving/vector_source.hpp"

namespace gemel::serving {

/// The vectors of a model's catalogue, with labels: as training computed them, biases included.
class CatalogueVectors final : public VectorSource {
 public:
  /// The catalogue must outlive the object. Collective.
  CatalogueVectors(const model::Catalogue& catalogue, mpi::Communicator& communicator);

  VectorRows own(std::size_t first, std::size_t count) override;

 private:
  const model::Catalogue& catalogue_;
};

}  // namespace gemel::serving
