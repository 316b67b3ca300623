#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_writer.hpp"
#include "gemel/options.hpp"
#include "learning/optimizer_slots.hpp"
#include "tensor/matrix.hpp"

namespace gemel {

/// Writes what a checkpoint of these options has beside settings and data when nothing has happened yet, of a model without features for a
/// catalogue without items.
inline void write_empty_state(checkpoint::CheckpointWriter& writer, const TrainingOptions& options) {
  const auto write_none = [&]<class T>(const std::string& path, T) {
    writer.write(path, std::span<const T>());
  };
  for (const char* name : {"epoch", "step", "step_in_epoch"}) writer.attribute("/", name, std::int64_t{0});
  writer.attribute("/", "lanes", std::int64_t{options.lanes});
  const std::vector<double> losses(static_cast<std::size_t>(options.lanes), 0.0);
  writer.write("/training/lane_losses", std::span<const double>(losses));
  for (const char* path : {"/history/epoch", "/history/step"}) write_none(path, std::int64_t{});
  write_none("/history/loss", double{});
  for (const char* path : {"/catalogue/id", "/catalogue/label"}) write_none(path, std::string());
  write_none("/catalogue/count", std::int64_t{});
  writer.write("/catalogue/vector", tensor::ConstMatrixView(nullptr, 0, 1));
  std::vector<std::string> endings = {""};
  for (const learning::SlotKind& slot : learning::slot_kinds(options.optimizer))
    endings.push_back("_" + slot.name);
  if (options.optimizer.average_decay > 0) endings.emplace_back("_average");
  for (const std::string tower : {"query", "candidate"}) {
    const std::string none = "[]";
    writer.write(fmt::format("/{}/features", tower), std::span<const std::string>(&none, 1));
    std::size_t width = 0;
    for (std::size_t layer = 0; layer < options.model.layers.size(); ++layer) {
      const tensor::Matrix kernel(width, options.model.layers[layer]);
      width = options.model.layers[layer];
      const std::vector<float> bias(width, 0.0F);
      for (const std::string& ending : endings) {
        writer.write(fmt::format("/{}/dense_{}/kernel{}", tower, layer, ending), kernel.view());
        writer.write(fmt::format("/{}/dense_{}/bias{}", tower, layer, ending), std::span<const float>(bias));
      }
    }
  }
}

}  // namespace gemel
