#include "run/model_checkpoint.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::run {
namespace {

using nlohmann::ordered_json;

/// Calls visit(path, values, is_vector) for every dense parameter and its slots of the optimiser. Saving and loading both go by
/// this list, and by that of for_each_table.
template <class Model, class Optimizer, class Visit>
void for_each_dense_parameter(Model& model, Optimizer& optimizer, const Visit& visit) {
  for (const auto& place : model.dense().places()) {
    visit("/" + place.name, place.in(model.dense().values()), place.rows == 1);
    for (auto& slot : optimizer.slots()) {
      visit("/" + place.name + "_" + slot.name, place.in(std::span(slot.dense)), place.rows == 1);
    }
  }
}

/// Calls visit(path, index of the table, values) for the weights of every table, and for each slot: values [held rows, columns].
template <class Model, class Optimizer, class Visit>
void for_each_table(Model& model, Optimizer& optimizer, const Visit& visit) {
  const auto tables = model.tables();
  for (std::size_t i = 0; i < tables.size(); ++i) {
    visit("/" + tables[i]->name() + "/weights", i, tables[i]->weights().view());
    for (auto& slot : optimizer.slots()) {
      visit("/" + tables[i]->name() + "/" + slot.name, i, slot.tables[i].view());
    }
  }
}

std::string vocabulary_path(const std::string& tower, const features::FittedFeature& feature) {
  return fmt::format("/{}/vocabulary/{}", tower, feature.spec.name());
}

std::string describe_features(const model::Tower& tower) {
  auto features = ordered_json::array();
  for (const features::FittedFeature& feature : tower.features()) {
    ordered_json entry = {{"name", feature.spec.name()}, {"declaration", feature.spec.declaration()}};
    if (feature.spec.kind == features::FeatureKind::bucketize) {
      entry["minimum"] = feature.minimum;
      entry["maximum"] = feature.maximum;
      entry["boundaries"] = feature.spec.size;
    }
    if (feature.spec.kind == features::FeatureKind::normalize) {
      entry["mean"] = feature.mean;
      entry["deviation"] = feature.deviation;
    }
    features.push_back(entry);
  }
  return features.dump(2);
}

void write_block(checkpoint::CheckpointWriter& writer, const std::string& path,
                 const ingest::VocabularyBlock& block) {
  const std::vector<std::string> strings = block.strings.texts();
  writer.write_rows(path, static_cast<std::size_t>(block.rows), static_cast<std::size_t>(block.first),
                    std::span<const std::string>(strings));
}

void write_text(checkpoint::CheckpointWriter& writer, const std::string& path, const std::string& text) {
  writer.write(path, std::span<const std::string>(&text, 1));
}

void write_tower(checkpoint::CheckpointWriter& writer, const model::Tower& tower) {
  write_text(writer, fmt::format("/{}/features", tower.name()), describe_features(tower));
  for (const features::FittedFeature& feature : tower.features()) {
    if (feature.vocabulary.rows == 0) continue;
    write_block(writer, vocabulary_path(tower.name(), feature), feature.vocabulary);
  }
}

void write_catalogue(checkpoint::CheckpointWriter& writer, const Catalogue& catalogue) {
  write_block(writer, "/catalogue/id", catalogue.ids);
  write_block(writer, "/catalogue/label", catalogue.labels);
  writer.write("/catalogue/count", catalogue.counts);
  writer.write_rows("/catalogue/vector", catalogue.counts.size(),
                    static_cast<std::size_t>(catalogue.ids.first), catalogue.vectors);
}

void write_data_identity(checkpoint::CheckpointWriter& writer, const ingest::DataIdentity& data) {
  writer.attribute("/data", "name", data.name);
  writer.attribute("/data", "interactions", data.interactions);
  writer.attribute("/data", "train_examples", data.train_examples);
  writer.attribute("/data", "test_examples", data.test_examples);
  writer.attribute("/data", "content_hash", data.content_hash);
  if (data.validation_examples > 0)
    writer.attribute("/data", "validation_examples", data.validation_examples);
  writer.write("/data/trained_pairs", std::span<const std::uint64_t>(data.trained.pairs));
  writer.write("/data/trained_interactions", std::span<const std::uint64_t>(data.trained.interactions));
  if (!data.split) return;
  writer.attribute("/data", "split_test_begin", data.split->test_begin);
  writer.attribute("/data", "split_test_end", data.split->test_end);
  writer.attribute("/data", "split_validation_end", data.split->validation_end);
  writer.attribute("/data", "split_train_until", data.split->train_until);
}

std::string history_path(const Metric& metric) {
  return "/history/" + metric.key();
}

void write_state(checkpoint::CheckpointWriter& writer, const step::TrainingState& state,
                 const RunIdentity& run) {
  writer.attribute("/", "epoch", state.epoch);
  writer.attribute("/", "step", state.step);
  writer.attribute("/", "step_in_epoch", state.step_in_epoch);
  writer.write("/training/lane_losses", std::span<const double>(state.lane_losses));
  std::vector<std::int64_t> epochs;
  std::vector<std::int64_t> steps;
  std::vector<double> losses;
  for (const step::EpochRecord& record : state.history) {
    epochs.push_back(record.epoch);
    steps.push_back(record.step);
    losses.push_back(record.loss);
  }
  writer.write("/history/epoch", std::span<const std::int64_t>(epochs));
  writer.write("/history/step", std::span<const std::int64_t>(steps));
  writer.write("/history/loss", std::span<const double>(losses));
  const std::vector<Metric> metrics = make_metrics(run.metrics, run.top_k);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    std::vector<double> values;
    for (const step::EpochRecord& record : state.history) values.push_back(record.metrics[i]);
    writer.write(history_path(metrics[i]), std::span<const double>(values));
  }
  writer.write("/history/top_k", std::span<const std::int64_t>(run.top_k));
  writer.attribute("/history", "compared_after", state.compared_after);
}

/// Same on every rank, so thrown by all.
[[noreturn]] void refuse(const checkpoint::CheckpointReader& reader, const std::string& what) {
  throw mpi::AgreedError(base::ExitCode::checkpoint, fmt::format("{}: {}", reader.path().string(), what));
}

/// What `metric` was in each of so many epochs.
std::vector<double> read_history(checkpoint::CheckpointReader& reader, const Metric& metric,
                                 std::size_t epochs) {
  const std::string path = history_path(metric);
  if (!reader.has(path)) return std::vector<double>(epochs, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> values = reader.read_vector<double>(path);
  if (values.size() != epochs)
    refuse(reader, fmt::format("{} has {} values for {} epochs", path, values.size(), epochs));
  return values;
}

step::TrainingState read_state(checkpoint::CheckpointReader& reader, const std::vector<Metric>& metrics) {
  step::TrainingState state;
  state.epoch = reader.attribute<std::int64_t>("/", "epoch");
  state.step = reader.attribute<std::int64_t>("/", "step");
  state.step_in_epoch = reader.attribute<std::int64_t>("/", "step_in_epoch");
  state.lane_losses = reader.read_vector<double>("/training/lane_losses");
  const auto epochs = reader.read_vector<std::int64_t>("/history/epoch");
  const auto steps = reader.read_vector<std::int64_t>("/history/step");
  const auto losses = reader.read_vector<double>("/history/loss");
  for (std::size_t i = 0; i < epochs.size(); ++i)
    state.history.push_back({epochs[i], steps[i], losses[i], {}});
  for (const Metric& metric : metrics) {
    const std::vector<double> values = read_history(reader, metric, epochs.size());
    for (std::size_t i = 0; i < values.size(); ++i) state.history[i].metrics.push_back(values[i]);
  }
  if (reader.has_attribute("/history", "compared_after"))  // later than the first version of the format
    state.compared_after = reader.attribute<std::int64_t>("/history", "compared_after");
  return state;
}

/// How many rows the data has added to the table of each feature that has one, in the order of TwoTower::tables().
std::vector<std::int64_t> rows_added(const model::TwoTower& model) {
  std::vector<std::int64_t> added;
  for (const model::Tower* tower : {&model.query(), &model.candidate()}) {
    for (const features::FittedFeature& feature : tower->features()) {
      if (feature.spec.has_table()) added.push_back(feature.vocabulary.rows > 0 ? feature.added : 0);
    }
  }
  return added;
}

/// Refuses a dataset of a table that has not `rows` rows of `cols` columns.
void require_shape(checkpoint::CheckpointReader& reader, const std::string& path, std::int64_t rows,
                   std::size_t cols) {
  const hdf5::Shape shape = reader.shape(path);
  if (static_cast<std::int64_t>(shape.rows) == rows && shape.cols == cols) return;
  refuse(
      reader,
      fmt::format("{} has {} rows of {} columns, but the vocabulary or the features in this file make it {} "
                  "of {}; use another checkpoint",
                  path, shape.rows, shape.cols.value_or(1), rows, cols));
}

/// Reads the rows that this rank holds, `held` [held rows, columns], of a dataset of a table whose last `added` rows are new: these
/// keep their first values.
void read_table(checkpoint::CheckpointReader& reader, const std::string& path,
                const model::EmbeddingTable& table, std::int64_t added, tensor::MatrixView held) {
  const std::int64_t stored = table.rows() - added;
  if (!table.is_sharded() && added == 0) return reader.read(path, held);  // each rank reads its share for all
  const std::int64_t first = std::min(table.held().first, stored);
  const std::int64_t last = std::min(table.held().last, stored);
  reader.read_rows(path, static_cast<std::size_t>(first),
                   held.middle_rows(0, static_cast<std::size_t>(last - first)));
}

/// `added` rows of every table are not in the file.
void read_parameters(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                     learning::Optimizer& optimizer, const std::vector<std::int64_t>& added) {
  for_each_table(model, optimizer, [&](const std::string& path, std::size_t i, tensor::MatrixView held) {
    require_shape(reader, path, model.tables()[i]->rows() - added[i], held.cols());
  });
  for_each_dense_parameter(
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
  for_each_table(model, optimizer, [&](const std::string& path, std::size_t table, tensor::MatrixView held) {
    read_table(reader, path, *model.tables()[table], added[table], held);
  });
}

features::FittedFeature read_feature(const nlohmann::json& entry) {
  features::FittedFeature feature;
  feature.spec = features::parse_feature(entry.at("declaration").get<std::string>(), 0);
  feature.minimum = entry.value("minimum", feature.minimum);
  feature.maximum = entry.value("maximum", feature.maximum);
  feature.mean = entry.value("mean", feature.mean);
  feature.deviation = entry.value("deviation", feature.deviation);
  return feature;
}

/// This rank's block of a vocabulary.
ingest::VocabularyBlock read_block(checkpoint::CheckpointReader& reader, const std::string& path,
                                   const mpi::Communicator& communicator) {
  ingest::VocabularyBlock block;
  block.rows = static_cast<std::int64_t>(reader.shape(path).rows);
  const exchange::RowRange own =
      exchange::RowBlocks(block.rows, communicator.size()).block(communicator.rank());
  block.first = own.first;
  const std::vector<std::string> strings =
      reader.read_strings(path, static_cast<std::size_t>(own.first), static_cast<std::size_t>(own.size()));
  for (const std::string& text : strings) block.strings.push_back(text);
  return block;
}

}  // namespace

std::int64_t save_model(const std::filesystem::path& path, const RunIdentity& run,
                        const step::TrainingState& state, const Catalogue& catalogue,
                        const model::TwoTower& model, const learning::Optimizer& optimizer,
                        mpi::Communicator& communicator) {
  base::require(optimizer.is_settled(), "checkpoint: weights whose decay is due");
  checkpoint::CheckpointWriter writer(path, communicator);
  std::string created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  communicator.broadcast(created);
  writer.attribute("/run", "created", created);
  writer.attribute("/run", "ranks", std::int64_t{communicator.size()});
  writer.attribute("/run", "options", run.options);
  writer.attribute("/", "lanes", std::int64_t{run.lanes});
  writer.attribute("/", "seed", run.seed);
  writer.attribute("/", "config", run.config);
  write_data_identity(writer, run.data);
  write_state(writer, state, run);
  write_tower(writer, model.query());
  write_tower(writer, model.candidate());
  write_catalogue(writer, catalogue);
  for_each_dense_parameter(model, optimizer,
                           [&](const std::string& name, tensor::ConstMatrixView values, bool is_vector) {
                             if (is_vector) {
                               writer.write(name, std::span<const float>(values.flat()));
                             } else {
                               writer.write(name, values);
                             }
                           });
  for_each_table(model, optimizer,
                 [&](const std::string& name, std::size_t index, tensor::ConstMatrixView held) {
                   const model::EmbeddingTable& table = *model.tables()[index];
                   if (table.is_sharded()) {
                     writer.write_rows(name, static_cast<std::size_t>(table.rows()),
                                       static_cast<std::size_t>(table.held().first), held);
                   } else {
                     writer.write(name, held);
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

std::string first_not_finite(const model::TwoTower& model, const learning::Optimizer& optimizer,
                             mpi::Communicator& communicator) {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> names;
  std::int64_t first = none;
  const auto look = [&](const std::string& name, tensor::ConstMatrixView values) {
    if (first == none && !tensor::all_finite(values.flat())) first = static_cast<std::int64_t>(names.size());
    names.push_back(name);
  };
  for_each_dense_parameter(
      model, optimizer,
      [&](const std::string& name, tensor::ConstMatrixView values, bool) { look(name, values); });
  for_each_table(model, optimizer, [&](const std::string& name, std::size_t, tensor::ConstMatrixView held) {
    look(name, held);
  });
  first = communicator.min(first);
  return first == none ? "" : names[static_cast<std::size_t>(first)];
}

void verify_model(checkpoint::CheckpointReader& reader) {
  static const std::vector<std::string> finite = {"/query/", "/candidate/", "/loss/", "/catalogue/vector"};
  reader.verify(finite);
}

std::string read_config(checkpoint::CheckpointReader& reader) {
  return reader.attribute<std::string>("/", "config");
}

std::string read_run_options(checkpoint::CheckpointReader& reader) {
  if (!reader.has_attribute("/run", "options")) return "{}";
  return reader.attribute<std::string>("/run", "options");
}

ingest::DataIdentity read_data_identity(checkpoint::CheckpointReader& reader) {
  const auto number = [&](const char* name) { return reader.attribute<std::int64_t>("/data", name); };
  ingest::DataIdentity data;
  data.name = reader.attribute<std::string>("/data", "name");
  data.interactions = number("interactions");
  data.train_examples = number("train_examples");
  data.test_examples = number("test_examples");
  data.content_hash = reader.attribute<std::uint64_t>("/data", "content_hash");
  if (reader.has_attribute("/data", "validation_examples"))
    data.validation_examples = number("validation_examples");
  if (reader.has("/data/trained_pairs")) {
    data.trained = {reader.read_vector<std::uint64_t>("/data/trained_pairs"),
                    reader.read_vector<std::uint64_t>("/data/trained_interactions")};
    if (data.trained.pairs.size() != data.trained.interactions.size())
      refuse(reader, "/data/trained_pairs and /data/trained_interactions are of different lengths");
  }
  data.split.reset();
  if (reader.has_attribute("/data", "split_test_end")) {
    data.split = {number("split_test_begin"), number("split_test_end"), number("split_validation_end"),
                  number("split_train_until")};
  }
  return data;
}

std::vector<features::FittedFeature> read_features(checkpoint::CheckpointReader& reader,
                                                   const std::string& tower,
                                                   const mpi::Communicator& communicator) {
  const std::string path = fmt::format("/{}/features", tower);
  const auto text = reader.read_vector<std::string>(path);
  const auto entries = nlohmann::json::parse(text.empty() ? "" : text.front(), nullptr, false);
  std::vector<features::FittedFeature> features;
  try {
    for (const auto& entry : entries) features.push_back(read_feature(entry));
  } catch (const nlohmann::json::exception&) {
    refuse(reader, path + " does not describe features; use another checkpoint");
  } catch (const base::UsageError& error) {
    refuse(reader, fmt::format("{}: {}", path, error.what()));
  }
  for (features::FittedFeature& feature : features) {
    const std::string vocabulary = vocabulary_path(tower, feature);
    if (reader.has(vocabulary)) feature.vocabulary = read_block(reader, vocabulary, communicator);
  }
  return features;
}

step::TrainingState load_model(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                               learning::Optimizer& optimizer, const std::vector<Metric>& metrics) {
  read_parameters(reader, model, optimizer, rows_added(model));
  step::TrainingState state = read_state(reader, metrics);
  optimizer.resume_at(state.step);
  return state;
}

void restore_model(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                   learning::Optimizer& optimizer) {
  read_parameters(reader, model, optimizer, std::vector<std::int64_t>(model.tables().size(), 0));
  optimizer.resume_at(reader.attribute<std::int64_t>("/", "step"));
}

}  // namespace gemel::run
