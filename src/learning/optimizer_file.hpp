#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "learning/optimizer.hpp"
#include "model/parameter_file.hpp"
#include "model/two_tower.hpp"

namespace gemel::learning {

/// The slots of an optimizer as checkpoints have them.
std::vector<model::ParameterValues> slot_values(Optimizer& optimizer);
std::vector<model::ConstParameterValues> slot_values(const Optimizer& optimizer);

/// Writes the slots beside the parameters of `model`, which the optimizer updates. It must be settled. Collective.
void write_optimizer(checkpoint::CheckpointWriter& writer, const model::TwoTower& model,
                     const Optimizer& optimizer);

/// Reads parameters of a model and the slots of its optimizer, which then has done `steps` steps. The last added[t] rows of table t
/// are not in the file and stay as they are. Throws AgreedError (checkpoint) when a table or a layer of the file is another one than
/// the model's, or its optimiser another one; where it is a table, nothing has been read. Collective.
void read_model_and_optimizer(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                              Optimizer& optimizer, std::int64_t steps, std::span<const std::int64_t> added);

}  // namespace gemel::learning
