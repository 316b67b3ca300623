#pragma once

#include <cstdint>
#include <vector>

#include "gemel/options.hpp"
#include "options/option.hpp"

namespace gemel::options {

// The rows of training_rows(), a few that belong together at a time.

// data_source.cpp
std::vector<Option> source_rows(DataOptions& o);
std::vector<Option> file_rows(DataOptions& o);
std::vector<Option> synthetic_rows(DataOptions& o);
// filters.cpp
std::vector<Option> filter_rows(DataOptions& o);
// split.cpp
std::vector<Option> split_rows(DataOptions& o);
// model.cpp
std::vector<Option> tower_rows(ModelOptions& o);
std::vector<Option> dropout_rows(ModelOptions& o);
std::vector<Option> feature_rows(ModelOptions& o);
// optimizer.cpp
std::vector<Option> learning_rate_rows(OptimizerOptions& o);
std::vector<Option> moment_rows(OptimizerOptions& o);
std::vector<Option> regularisation_rows(OptimizerOptions& o);
// least_squares.cpp
std::vector<Option> optimizer_rows(TrainingOptions& o);
std::vector<Option> least_squares_rows(TrainingOptions& o);
std::vector<Option> warm_start_rows(TrainingOptions& o);
/// The rows, which mean nothing to an optimiser without gradients.
std::vector<Option> of_gradients(std::vector<Option> rows, const TrainingOptions& o);
// loss.cpp
std::vector<Option> temperature_rows(LossOptions& o);
std::vector<Option> negative_rows(LossOptions& o);
std::vector<Option> correction_rows(LossOptions& o);
std::vector<Option> cross_entropy_rows(LossOptions& o);
// training.cpp
std::vector<Option> length_rows(TrainingOptions& o);
std::vector<Option> batch_rows(TrainingOptions& o);
// evaluation.cpp
std::vector<Option> metric_rows(TrainingOptions& o);
std::vector<Option> monitor_rows(TrainingOptions& o);
// checkpoint.cpp
std::vector<Option> checkpoint_rows(TrainingOptions& o);
// rank.cpp
std::vector<Option> rank_rows(TrainingOptions& o);
std::vector<Option> trace_rows(TrainingOptions& o);

constexpr std::int64_t largest_batch = 1 << 30;  // examples

/// `asks_for_best`: an option needs to know which evaluation was the best.
Need needs_monitor(bool asks_for_best, const TrainingOptions& o);

}  // namespace gemel::options
