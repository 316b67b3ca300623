#pragma once

#include <utility>
#include <vector>

#include "base/output_files.hpp"
#include "features/feature.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// A tower in files: "query.onnx", as tower_graph makes it; and of each of its features that has lists of rows, the vocabulary,
/// "query_genres_list.txt": the string of row 0 is the first line, and so on.
class TowerFiles {
 public:
  /// `files` are root's, null elsewhere. What is given must outlive the object. Throws OutputError.
  TowerFiles(const model::Tower& tower, const model::DenseParameters& parameters, base::OutputFiles* files);

  /// Throws AgreedError as tower_graph, and output. Collective.
  void write(mpi::Communicator& communicator);

 private:
  struct Vocabulary {
    const features::FittedFeature* feature;
    base::OutputFile* file;
  };

  const model::Tower& tower_;
  const model::DenseParameters& parameters_;
  base::OutputFile* graph_ = nullptr;
  std::vector<Vocabulary> vocabularies_;
};

}  // namespace gemel::serving
