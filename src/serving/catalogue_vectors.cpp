#include "serving/catalogue_vectors.hpp"

#include <algorithm>

namespace gemel::serving {

CatalogueVectors::CatalogueVectors(const model::Catalogue& catalogue, mpi::Communicator& communicator)
    : VectorSource({.noun = "item",
                    .rows = catalogue.size(),
                    .dim = catalogue.vectors.cols(),
                    .has_labels = true,
                    .longest_id = longest(catalogue.ids.strings, communicator),
                    .longest_label = longest(catalogue.labels.strings, communicator)},
                   catalogue.ids.strings.size()),
      catalogue_(catalogue) {}

VectorRows CatalogueVectors::own(std::size_t first, std::size_t count) {
  VectorRows rows;
  rows.ids = middle_strings(catalogue_.ids.strings, first, count);
  rows.labels = middle_strings(catalogue_.labels.strings, first, count);
  const auto counts = catalogue_.counts.begin() + catalogue_.ids.first + static_cast<std::ptrdiff_t>(first);
  rows.counts.assign(counts, counts + static_cast<std::ptrdiff_t>(count));
  rows.vectors.resize(count, table().dim);
  std::ranges::copy(catalogue_.vectors.view().middle_rows(first, count).flat(), rows.vectors.data());
  return rows;
}

}  // namespace gemel::serving
