#include "model/catalogue_file.hpp"

#include <fmt/format.h>

#include "ingest/vocabulary_file.hpp"

namespace gemel::model {

void write_catalogue(checkpoint::CheckpointWriter& writer, const CatalogueView& catalogue) {
  ingest::write_vocabulary(writer, "/catalogue/id", catalogue.ids);
  ingest::write_vocabulary(writer, "/catalogue/label", catalogue.labels);
  writer.write("/catalogue/count", catalogue.counts);
  writer.write_rows("/catalogue/vector", catalogue.counts.size(),
                    static_cast<std::size_t>(catalogue.ids.first), catalogue.vectors);
}

Catalogue read_catalogue(checkpoint::CheckpointReader& reader, std::size_t dim) {
  Catalogue catalogue;
  catalogue.ids = ingest::read_vocabulary(reader, "/catalogue/id");
  catalogue.labels = ingest::read_vocabulary(reader, "/catalogue/label");
  catalogue.counts = reader.read_vector<std::int64_t>("/catalogue/count");
  const auto items = static_cast<std::size_t>(catalogue.size());
  const hdf5::Shape vectors = reader.shape("/catalogue/vector");
  if (catalogue.labels.rows != catalogue.size() || catalogue.counts.size() != items ||
      vectors != hdf5::Shape{items, dim}) {
    reader.refuse(fmt::format(
        "/catalogue has {} ids, {} labels, {} counts and {} vectors of width {}; the model's vectors have "
        "width {}. Use another checkpoint",
        items, catalogue.labels.rows, catalogue.counts.size(), vectors.rows, vectors.cols.value_or(1), dim));
  }
  catalogue.vectors.resize(catalogue.ids.strings.size(), dim);
  reader.read_rows("/catalogue/vector", static_cast<std::size_t>(catalogue.ids.first),
                   catalogue.vectors.view());
  return catalogue;
}

}  // namespace gemel::model
