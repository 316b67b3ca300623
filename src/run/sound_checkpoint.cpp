#include "run/sound_checkpoint.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "checkpoint/file_fault.hpp"
#include "features/features_file.hpp"
#include "gemel/options.hpp"
#include "ingest/data_identity_file.hpp"
#include "ingest/history_file.hpp"
#include "learning/optimizer_slots.hpp"
#include "model/model_file.hpp"
#include "options/settings.hpp"
#include "step/training_state_file.hpp"

namespace gemel::run {
namespace {

void require_rows(const checkpoint::CheckpointReader& reader, const std::string& path, std::size_t rows) {
  if (!reader.has(path)) reader.refuse_damaged(path + " is missing");
  const std::size_t found = reader.shape(path).rows;
  if (found != rows) reader.refuse_damaged(fmt::format("{} has {} rows, not {}", path, found, rows));
}

void require_catalogue(const checkpoint::CheckpointReader& reader) {
  const std::size_t items = reader.shape("/catalogue/id").rows;
  for (const char* path : {"/catalogue/label", "/catalogue/count", "/catalogue/vector"})
    require_rows(reader, path, items);
}

/// That the settings can be read, as they are when a run goes on.
TrainingOptions settings_of(const checkpoint::CheckpointReader& reader) {
  const auto config = reader.attribute<std::string>("/", "config");
  const std::string run =
      reader.has_attribute("/run", "options") ? reader.attribute<std::string>("/run", "options") : "{}";
  const std::string path = reader.path().string();
  try {
    for (const std::string& settings : {config, run}) options::saved_options(path, settings);
  } catch (const base::CheckpointError& error) {
    reader.refuse_damaged(error.what());
  }
  try {
    return options::saved_training_options(path, config, run);
  } catch (const base::CheckpointError& error) {  // of another version of this program
    reader.refuse(error.what(), checkpoint::FileFault::unfit);
  }
}

/// The tables and layers of a tower, each with what the optimiser keeps beside it, in shapes that belong together.
class TowerShapes {
 public:
  TowerShapes(checkpoint::CheckpointReader& reader, const std::string& tower, const TrainingOptions& options)
      : reader_(reader), tower_(tower) {
    for (const learning::SlotKind& slot : learning::slot_kinds(options.optimizer))
      slots_.push_back(slot.name);
    if (options.optimizer.average_decay > 0) slots_.emplace_back("average");
    layers_ = options.model.layers.size();
  }

  void require() {
    std::size_t width = 0;
    for (const features::FittedFeature& feature : features::read_features(reader_, tower_)) {
      if (!feature.spec.is_bias()) width += feature.spec.has_table() ? feature.spec.dim : 1;
      if (!feature.spec.has_table()) continue;
      const std::string table = fmt::format("/{}/tables/{}/", tower_, feature.spec.name());
      require_rows(reader_, table + "weights", static_cast<std::size_t>(feature.table_rows()));
      for (const std::string& slot : slots_)
        require_rows(reader_, table + slot, static_cast<std::size_t>(feature.table_rows()));
    }
    for (std::size_t layer = 0; layer < layers_; ++layer) {
      const std::string dense = fmt::format("/{}/dense_{}/", tower_, layer);
      const std::string kernel = dense + "kernel";
      const hdf5::Shape shape = matrix_shape(kernel);
      if (shape.rows != width)
        reader_.refuse_damaged(fmt::format("{} has {} rows, not {}", kernel, shape.rows, width));
      width = *shape.cols;
      require_rows(reader_, dense + "bias", width);
      for (const std::string& slot : slots_) {
        if (matrix_shape(kernel + "_" + slot) != shape)
          reader_.refuse_damaged(fmt::format("{0} and {0}_{1} have other shapes", kernel, slot));
        require_rows(reader_, dense + "bias_" + slot, width);
      }
    }
  }

 private:
  /// Of a kernel; one of a single row is stored as a vector.
  hdf5::Shape matrix_shape(const std::string& path) const {
    if (!reader_.has(path)) reader_.refuse_damaged(path + " is missing");
    const hdf5::Shape stored = reader_.shape(path);
    return stored.cols ? stored : hdf5::Shape{1, stored.rows};
  }

  checkpoint::CheckpointReader& reader_;
  std::string tower_;
  std::vector<std::string> slots_;
  std::size_t layers_ = 0;
};

}  // namespace

void require_sound(checkpoint::CheckpointReader& reader) {
  model::verify_checkpoint(reader);
  const TrainingOptions options = settings_of(reader);
  step::read_state(reader, {});
  ingest::read_data_identity(reader);
  require_catalogue(reader);
  for (const char* tower : {"query", "candidate"}) TowerShapes(reader, tower, options).require();
  if (!ingest::has_history(reader)) return;
  require_rows(reader, "/users/first", reader.shape("/users/id").rows + 1);
}

}  // namespace gemel::run
