#include "model/model_file.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include "base/error.hpp"
#include "checkpoint/newest_checkpoint.hpp"
#include "features/features_file.hpp"
#include "model/parameter_file.hpp"
#include "mpi/agreement.hpp"

namespace gemel::model {
namespace {

/// Collective.
bool is_directory(const std::filesystem::path& path, mpi::Communicator& communicator) {
  std::uint8_t result = 0;
  if (communicator.is_root()) {
    std::error_code ignored;  // what else is wrong with it, its reader tells
    result = std::filesystem::is_directory(path, ignored) ? 1 : 0;
  }
  communicator.broadcast(std::span(&result, 1));
  return result != 0;
}

}  // namespace

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
  static const checkpoint::Ranges ranges = {
      .finite = {"/query/*", "/candidate/*", "/loss/*", "/catalogue/vector"},
      .not_negative = {"*accumulator", "*second_moment"}};
  reader.verify(ranges);
}

std::unique_ptr<checkpoint::CheckpointReader> open_checkpoint(const std::filesystem::path& path,
                                                              mpi::Communicator& communicator) {
  if (!is_directory(path, communicator))
    return std::make_unique<checkpoint::CheckpointReader>(path, communicator);
  auto newest =
      checkpoint::open_newest_sound(path, communicator, verify_checkpoint, checkpoint::Purpose::read);
  if (!newest) {
    throw mpi::AgreedError(base::ExitCode::checkpoint,
                           fmt::format("{}: there are no checkpoints in this directory; name another one, or "
                                       "a checkpoint, or train a model there first",
                                       path.string()));
  }
  return newest;
}

}  // namespace gemel::model
