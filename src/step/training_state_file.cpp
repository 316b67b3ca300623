#include "step/training_state_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace gemel::step {
namespace {

std::string history_path(const Metric& metric) {
  return "/history/" + metric.key();
}

/// A count that a run can have got to.
std::int64_t count_in(const checkpoint::CheckpointReader& reader, const std::string& object,
                      const char* name) {
  constexpr std::int64_t most = std::int64_t{1} << 53;
  const auto count = reader.attribute<std::int64_t>(object, name);
  if (count < 0 || count > most) reader.refuse_damaged(fmt::format("{} is {}", name, count));
  return count;
}

void require_state(const checkpoint::CheckpointReader& reader, const TrainingState& state) {
  if (state.lane_losses.size() != static_cast<std::size_t>(reader.attribute<std::int64_t>("/", "lanes")))
    reader.refuse_damaged(fmt::format("/training/lane_losses has {} lanes", state.lane_losses.size()));
  if (!std::ranges::all_of(state.lane_losses, [](double loss) { return std::isfinite(loss); }))
    reader.refuse_damaged("/training/lane_losses has losses that are no finite numbers");
  if (state.step_in_epoch > state.step)
    reader.refuse_damaged(fmt::format("step_in_epoch is {} after {} steps", state.step_in_epoch, state.step));
  if (state.compared_after > state.epoch)
    reader.refuse_damaged(
        fmt::format("compared_after is {} after {} epochs", state.compared_after, state.epoch));
  if (state.history.size() != static_cast<std::size_t>(state.epoch))
    reader.refuse_damaged(fmt::format("/history has {} epochs of {}", state.history.size(), state.epoch));
  std::int64_t step = 0;
  for (std::size_t i = 0; i < state.history.size(); ++i) {
    const EpochRecord& record = state.history[i];
    if (record.epoch != static_cast<std::int64_t>(i) + 1 || record.step <= step || record.step > state.step)
      reader.refuse_damaged(fmt::format("/history has epoch {} at step {}", record.epoch, record.step));
    step = record.step;
  }
}

/// What `metric` was in each of so many epochs.
std::vector<double> read_history(checkpoint::CheckpointReader& reader, const Metric& metric,
                                 std::size_t epochs) {
  const std::string path = history_path(metric);
  if (!reader.has(path)) return std::vector<double>(epochs, std::numeric_limits<double>::quiet_NaN());
  std::vector<double> values = reader.read_vector<double>(path);
  if (values.size() != epochs)
    reader.refuse_damaged(fmt::format("{} has {} values for {} epochs", path, values.size(), epochs));
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
  state.epoch = count_in(reader, "/", "epoch");
  state.step = count_in(reader, "/", "step");
  state.step_in_epoch = count_in(reader, "/", "step_in_epoch");
  state.lane_losses = reader.read_vector<double>("/training/lane_losses");
  const auto epochs = reader.read_vector<std::int64_t>("/history/epoch");
  const auto steps = reader.read_vector<std::int64_t>("/history/step");
  const auto losses = reader.read_vector<double>("/history/loss");
  if (steps.size() != epochs.size() || losses.size() != epochs.size())
    reader.refuse_damaged("/history/epoch, /history/step and /history/loss are of different lengths");
  for (std::size_t i = 0; i < epochs.size(); ++i)
    state.history.push_back({epochs[i], steps[i], losses[i], {}});
  for (const Metric& metric : metrics) {
    const std::vector<double> values = read_history(reader, metric, epochs.size());
    for (std::size_t i = 0; i < values.size(); ++i) state.history[i].metrics.push_back(values[i]);
  }
  if (reader.has_attribute("/history", "compared_after"))  // later than the first version of the format
    state.compared_after = count_in(reader, "/history", "compared_after");
  require_state(reader, state);
  return state;
}

}  // namespace gemel::step
