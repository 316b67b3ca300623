#include "step/training_state_file.hpp"

#include <fmt/format.h>

#include <limits>
#include <span>
#include <string>

namespace gemel::step {
namespace {

std::string history_path(const Metric& metric) {
  return "/history/" + metric.key();
}

/// What `metric` was in each of so many epochs.
std::vector<double> read_history(checkpoint::CheckpointReader& reader, const Metric& metric,
                                 std::size_t epochs) {
  const std::string path = history_path(metric);
  if (!reader.has(path)) return std::vector<double>(epochs, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> values = reader.read_vector<double>(path);
  if (values.size() != epochs)
    reader.refuse(fmt::format("{} has {} values for {} epochs", path, values.size(), epochs));
  return values;
}

}  // namespace

void write_state(checkpoint::CheckpointWriter& writer, const TrainingState& state,
                 const std::vector<MetricKind>& metrics, const std::vector<std::int64_t>& top_k) {
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
  const std::vector<Metric> measured = make_metrics(metrics, top_k);
  for (std::size_t i = 0; i < measured.size(); ++i) {
    std::vector<double> values;
    for (const EpochRecord& record : state.history) values.push_back(record.metrics[i]);
    writer.write(history_path(measured[i]), std::span<const double>(values));
  }
  writer.write("/history/top_k", std::span<const std::int64_t>(top_k));
  writer.attribute("/history", "compared_after", state.compared_after);
}

TrainingState read_state(checkpoint::CheckpointReader& reader, const std::vector<Metric>& metrics) {
  TrainingState state;
  state.epoch = reader.attribute<std::int64_t>("/", "epoch");
  state.step = reader.attribute<std::int64_t>("/", "step");
  state.step_in_epoch = reader.attribute<std::int64_t>("/", "step_in_epoch");
  state.lane_losses = reader.read_vector<double>("/training/lane_losses");
  const auto epochs = reader.read_vector<std::int64_t>("/history/epoch");
  const auto steps = reader.read_vector<std::int64_t>("/history/step");
  const auto losses = reader.read_vector<double>("/history/loss");
  if (steps.size() != epochs.size() || losses.size() != epochs.size())
    reader.refuse("/history/epoch, /history/step and /history/loss are of different lengths");
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

}  // namespace gemel::step
