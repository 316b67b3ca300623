#include "learning/optimizer_file.hpp"

#include "base/error.hpp"

namespace gemel::learning {
namespace {

template <class Values, class Optimizer>
std::vector<Values> values_of_slots(Optimizer& optimizer) {
  std::vector<Values> all;
  for (auto& slot : optimizer.slots()) {
    Values& values = all.emplace_back(Values{slot.name, slot.dense, {}});
    for (auto& table : slot.tables) values.tables.push_back(table.view());
  }
  return all;
}

}  // namespace

std::vector<model::ParameterValues> slot_values(Optimizer& optimizer) {
  return values_of_slots<model::ParameterValues>(optimizer);
}

std::vector<model::ConstParameterValues> slot_values(const Optimizer& optimizer) {
  return values_of_slots<model::ConstParameterValues>(optimizer);
}

void write_optimizer(checkpoint::CheckpointWriter& writer, const model::TwoTower& model,
                     const Optimizer& optimizer) {
  base::require(optimizer.is_settled(), "checkpoint: weights whose decay is due");
  for (const model::ConstParameterValues& slot : slot_values(optimizer))
    write_parameters(writer, model, slot);
}

void read_model_and_optimizer(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                              Optimizer& optimizer, std::int64_t steps, std::span<const std::int64_t> added) {
  std::vector<model::ParameterValues> all = slot_values(optimizer);
  all.insert(all.begin(), model::weights_of(model));
  for (const model::ParameterValues& values : all) require_fitting_tables(reader, model, values, added);
  for (const model::ParameterValues& values : all) read_parameters(reader, model, values, added);
  optimizer.resume_at(steps);
}

}  // namespace gemel::learning
