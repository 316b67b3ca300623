#include "model/model_file.hpp"

#include <string>

#include "features/features_file.hpp"
#include "model/parameter_file.hpp"

namespace gemel::model {

void write_model(checkpoint::CheckpointWriter& writer, const TwoTower& model) {
  for (const Tower* tower : {&model.query(), &model.candidate()})
    features::write_features(writer, tower->name(), tower->features());
  write_parameters(writer, model, weights_of(model));
}

std::vector<std::int64_t> rows_added(const TwoTower& model) {
  std::vector<std::int64_t> added;
  for (const Tower* tower : {&model.query(), &model.candidate()}) {
    for (const features::FittedFeature& feature : tower->features()) {
      if (feature.spec.has_table()) added.push_back(feature.vocabulary.rows > 0 ? feature.added : 0);
    }
  }
  return added;
}

void verify_checkpoint(checkpoint::CheckpointReader& reader) {
  static const std::vector<std::string> finite = {"/query/", "/candidate/", "/loss/", "/catalogue/vector"};
  reader.verify(finite);
}

}  // namespace gemel::model
