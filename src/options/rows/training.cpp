#include "options/rows/rows.hpp"

#include <fmt/format.h>

namespace gemel::options {

std::vector<Option> length_rows(TrainingOptions& o) {
  const std::string group = "Training";
  return {
      {group, "epochs", "N",
       "Passes over the training examples, those before a resumed checkpoint included; sweeps of als. When "
       "it is not given: 300, and 16 of als.",
       whole_number(o.epochs, 1, [&o] { return o.epoch_count(); }),
       o.optimizer.learning_rate.schedule == ScheduleKind::cosine ? Effect::steers : Effect::run},
      {group, "seed", "N", "Seed of the initial values and of the order of the examples.",
       whole_number(o.seed, 0), Effect::determines},
  };
}

std::vector<Option> batch_rows(TrainingOptions& o) {
  const std::string group = "Training";
  return {
      Option{
          group, "batch-size", "N",
          "Examples of a global batch, over all ranks together. The last batch of an epoch may be shorter.",
          whole_number(o.batch_size, 1, largest_batch), Effect::determines}
          .needing(always(o.batch_size >= o.lanes,
                          fmt::format("smaller than --lanes {}; a lane needs at least one example of a "
                                      "global batch, so give a larger --batch-size or fewer --lanes",
                                      o.lanes))),
  };
}

}  // namespace gemel::options
