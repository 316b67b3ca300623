#include "gemel/checkpoint/model_checkpoint.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "gemel/base/error.hpp"
#include "gemel/ingest/string_exchange.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::checkpoint {
namespace {

using nlohmann::ordered_json;

/// Calls visit(path, values, is_vector) for every parameter and accumulator. Saving and loading both go by this list.
template <class Model, class Optimizer, class Visit>
void for_each_parameter(Model& model, Optimizer& optimizer, const Visit& visit) {
  for (const auto& place : model.dense().places()) {
    visit("/" + place.name, place.in(model.dense().values()), place.rows == 1);
    visit("/" + place.name + "_accumulator", place.in(optimizer.dense_accumulators()), place.rows == 1);
  }
  const auto tables = model.tables();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    visit("/" + tables[i]->name() + "/weights", tables[i]->weights().view(), false);
    visit("/" + tables[i]->name() + "/accumulator", optimizer.table_accumulators(i).view(), false);
  }
}

std::string vocabulary_path(const model::Tower& tower, const ingest::FittedFeature& feature) {
  return fmt::format("/{}/vocabulary/{}", tower.name(), feature.spec.name());
}

std::string describe_features(const model::Tower& tower) {
  auto features = ordered_json::array();
  for (const ingest::FittedFeature& feature : tower.features()) {
    ordered_json entry = {{"name", feature.spec.name()}, {"declaration", feature.spec.declaration()}};
    if (feature.spec.kind == ingest::FeatureKind::bucketize) {
      entry["minimum"] = feature.minimum;
      entry["maximum"] = feature.maximum;
      entry["boundaries"] = feature.spec.size;
    }
    if (feature.spec.kind == ingest::FeatureKind::normalize) {
      entry["mean"] = feature.mean;
      entry["deviation"] = feature.deviation;
    }
    features.push_back(entry);
  }
  return features.dump(2);
}

void write_text(CheckpointWriter& writer, const std::string& path, const std::string& text) {
  writer.write(path, std::span<const std::string>(&text, 1));
}

void write_tower(CheckpointWriter& writer, const model::Tower& tower, mpi::Communicator& communicator) {
  write_text(writer, fmt::format("/{}/features", tower.name()), describe_features(tower));
  for (const ingest::FittedFeature& feature : tower.features()) {
    if (feature.vocabulary.rows == 0) continue;
    const auto strings = gather_texts(feature.vocabulary.strings, communicator);
    writer.write(vocabulary_path(tower, feature), std::span<const std::string>(strings));
  }
}

void write_catalogue(CheckpointWriter& writer, const Catalogue& catalogue) {
  writer.write("/catalogue/id", std::span<const std::string>(catalogue.ids));
  writer.write("/catalogue/label", std::span<const std::string>(catalogue.labels));
  writer.write("/catalogue/count", catalogue.counts);
  writer.write("/catalogue/vector", catalogue.vectors);
}

void write_state(CheckpointWriter& writer, const TrainingState& state,
                 const std::vector<std::int64_t>& top_k) {
  writer.attribute("/", "epoch", state.epoch);
  writer.attribute("/", "step", state.step);
  writer.attribute("/", "step_in_epoch", state.step_in_epoch);
  writer.write("/training/lane_losses", std::span<const double>(state.lane_losses));
  std::vector<std::int64_t> epochs;
  std::vector<std::int64_t> steps;
  std::vector<double> losses;
  for (const EpochRecord& record : state.history) {
    epochs.push_back(record.epoch);
    steps.push_back(record.step);
    losses.push_back(record.loss);
  }
  writer.write("/history/epoch", std::span<const std::int64_t>(epochs));
  writer.write("/history/step", std::span<const std::int64_t>(steps));
  writer.write("/history/loss", std::span<const double>(losses));
  for (std::size_t i = 0; i < top_k.size(); ++i) {
    std::vector<double> accuracies;
    for (const EpochRecord& record : state.history) accuracies.push_back(record.accuracies[i]);
    writer.write(fmt::format("/history/top_{}", top_k[i]), std::span<const double>(accuracies));
  }
  writer.write("/history/top_k", std::span<const std::int64_t>(top_k));
}

TrainingState read_state(CheckpointReader& reader) {
  TrainingState state;
  state.epoch = reader.attribute<std::int64_t>("/", "epoch");
  state.step = reader.attribute<std::int64_t>("/", "step");
  state.step_in_epoch = reader.attribute<std::int64_t>("/", "step_in_epoch");
  state.lane_losses = reader.read_vector<double>("/training/lane_losses");
  const auto epochs = reader.read_vector<std::int64_t>("/history/epoch");
  const auto steps = reader.read_vector<std::int64_t>("/history/step");
  const auto losses = reader.read_vector<double>("/history/loss");
  for (std::size_t i = 0; i < epochs.size(); ++i)
    state.history.push_back({epochs[i], steps[i], losses[i], {}});
  for (const std::int64_t k : reader.read_vector<std::int64_t>("/history/top_k")) {
    const auto accuracies = reader.read_vector<double>(fmt::format("/history/top_{}", k));
    for (std::size_t i = 0; i < accuracies.size(); ++i) state.history[i].accuracies.push_back(accuracies[i]);
  }
  return state;
}

/// Same on every rank, so thrown by all.
[[noreturn]] void refuse(const CheckpointReader& reader, const std::string& what) {
  throw mpi::AgreedError(base::ExitCode::checkpoint, fmt::format("{}: {}", reader.path().string(), what));
}

void compare_vocabularies(CheckpointReader& reader, const model::Tower& tower,
                          mpi::Communicator& communicator) {
  for (const ingest::FittedFeature& feature : tower.features()) {
    if (feature.vocabulary.rows == 0) continue;
    const std::string path = vocabulary_path(tower, feature);
    if (reader.read_vector<std::string>(path) != gather_texts(feature.vocabulary.strings, communicator)) {
      refuse(reader, fmt::format("{} is not the vocabulary of the data given; resume with the data that the "
                                 "checkpoint was trained on",
                                 path));
    }
  }
}

}  // namespace

std::vector<std::string> gather_texts(const ingest::StringColumn& block, mpi::Communicator& communicator) {
  return ingest::all_gather_strings(block, communicator).texts();
}

std::int64_t save_model(const std::filesystem::path& path, const RunIdentity& run, const TrainingState& state,
                        const Catalogue& catalogue, const model::TwoTower& model,
                        const learning::Adagrad& optimizer, mpi::Communicator& communicator) {
  CheckpointWriter writer(path, communicator);
  std::string created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  communicator.broadcast(created);
  writer.attribute("/run", "created", created);
  writer.attribute("/run", "ranks", std::int64_t{communicator.size()});
  writer.attribute("/", "lanes", std::int64_t{run.lanes});
  writer.attribute("/", "seed", run.seed);
  writer.attribute("/", "config", run.config);
  writer.attribute("/data", "name", run.data.name);
  writer.attribute("/data", "interactions", run.data.interactions);
  writer.attribute("/data", "train_examples", run.data.train_examples);
  writer.attribute("/data", "test_examples", run.data.test_examples);
  writer.attribute("/data", "content_hash", run.data.content_hash);
  write_state(writer, state, run.top_k);
  write_tower(writer, model.query(), communicator);
  write_tower(writer, model.candidate(), communicator);
  write_catalogue(writer, catalogue);
  for_each_parameter(model, optimizer,
                     [&](const std::string& name, tensor::ConstMatrixView values, bool is_vector) {
                       if (is_vector) {
                         writer.write(name, std::span<const float>(values.flat()));
                       } else {
                         writer.write(name, values);
                       }
                     });
  writer.commit();
  std::int64_t bytes = 0;
  if (communicator.is_root()) {
    std::error_code ignored;
    bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored));
  }
  communicator.broadcast(std::span(&bytes, 1));
  return bytes;
}

std::string read_config(CheckpointReader& reader) {
  return reader.attribute<std::string>("/", "config");
}

DataIdentity read_data_identity(CheckpointReader& reader) {
  DataIdentity data;
  data.name = reader.attribute<std::string>("/data", "name");
  data.interactions = reader.attribute<std::int64_t>("/data", "interactions");
  data.train_examples = reader.attribute<std::int64_t>("/data", "train_examples");
  data.test_examples = reader.attribute<std::int64_t>("/data", "test_examples");
  data.content_hash = reader.attribute<std::uint64_t>("/data", "content_hash");
  return data;
}

TrainingState load_model(CheckpointReader& reader, model::TwoTower& model, learning::Adagrad& optimizer,
                         mpi::Communicator& communicator) {
  compare_vocabularies(reader, model.query(), communicator);
  compare_vocabularies(reader, model.candidate(), communicator);
  for_each_parameter(
      model, optimizer, [&](const std::string& name, tensor::MatrixView values, bool is_vector) {
        if (!is_vector) {
          reader.read(name, values);
          return;
        }
        const std::vector<float> stored = reader.read_vector<float>(name);
        if (stored.size() != values.size()) {
          refuse(reader,
                 fmt::format("{} has {} elements, the model's has {}", name, stored.size(), values.size()));
        }
        std::copy(stored.begin(), stored.end(), values.data());
      });
  return read_state(reader);
}

}  // namespace gemel::checkpoint
