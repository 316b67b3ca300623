#include "serving/tower_files.hpp"

#include <fmt/format.h>

#include "mpi/agreement.hpp"
#include "serving/root_rows.hpp"
#include "serving/row_format.hpp"
#include "serving/tower_graph.hpp"

namespace gemel::serving {
namespace {

std::string vocabulary_name(const model::Tower& tower, const features::FittedFeature& feature) {
  return fmt::format("{}_{}.txt", tower.name(), feature.spec.name());
}

}  // namespace

TowerFiles::TowerFiles(const model::Tower& tower, const model::DenseParameters& parameters,
                       base::OutputFiles* files)
    : tower_(tower), parameters_(parameters) {
  if (files != nullptr) graph_ = &files->add(tower.name() + ".onnx");
  for (const features::FittedFeature& feature : tower.features()) {
    if (!feature.spec.kind->has_lists()) continue;
    vocabularies_.push_back({&feature, files ? &files->add(vocabulary_name(tower, feature)) : nullptr});
  }
}

void TowerFiles::write(mpi::Communicator& communicator) {
  const std::string graph = tower_graph(tower_, parameters_, communicator);
  mpi::agree(communicator, [&] {
    if (graph_ != nullptr) graph_->write(graph);
  });
  for (const auto& [feature, file] : vocabularies_) {
    const ingest::StringColumn strings = vocabulary_on_root(feature->vocabulary, communicator);
    mpi::agree(communicator, [&] {
      std::string lines;
      for (std::size_t row = 0; row < strings.size(); ++row)
        append_line(strings[row], vocabulary_name(tower_, *feature), lines);
      if (file != nullptr) file->write(lines);
    });
  }
}

}  // namespace gemel::serving
