#include "options/training_rows.hpp"

#include <algorithm>
#include <iterator>

#include "options/rows/rows.hpp"

namespace gemel::options {

std::vector<Option> training_rows(TrainingOptions& o) {
  std::vector<Option> all;
  for (std::vector<Option> rows : {source_rows(o.data),
                                   file_rows(o.data),
                                   synthetic_rows(o.data),
                                   filter_rows(o.data),
                                   split_rows(o.data),
                                   tower_rows(o.model),
                                   dropout_rows(o.model),
                                   feature_rows(o.model),
                                   optimizer_rows(o),
                                   of_gradients(learning_rate_rows(o.optimizer), o),
                                   moment_rows(o.optimizer),
                                   of_gradients(regularisation_rows(o.optimizer), o),
                                   of_gradients(temperature_rows(o.loss), o),
                                   of_gradients(negative_rows(o.loss), o),
                                   of_gradients(correction_rows(o.loss), o),
                                   of_gradients(cross_entropy_rows(o.loss), o),
                                   least_squares_rows(o),
                                   warm_start_rows(o),
                                   length_rows(o),
                                   of_gradients(batch_rows(o), o),
                                   metric_rows(o),
                                   monitor_rows(o),
                                   checkpoint_rows(o),
                                   rank_rows(o),
                                   trace_rows(o)}) {
    std::ranges::move(rows, std::back_inserter(all));
  }
  return all;
}

}  // namespace gemel::options
