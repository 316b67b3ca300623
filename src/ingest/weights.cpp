#include "ingest/weights.hpp"

#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {

std::vector<float> read_weights(const std::string& column, const Dataset& dataset, const Split& split,
                                mpi::Communicator& communicator) {
  const Columns& columns = dataset.interactions;
  std::vector<float> weights;
  if (const auto whole = columns.numbers.find(column); whole != columns.numbers.end()) {
    for (const std::int64_t weight : whole->second) weights.push_back(static_cast<float>(weight));
  } else if (const auto decimal = columns.decimals.find(column); decimal != columns.decimals.end()) {
    for (const double weight : decimal->second) weights.push_back(static_cast<float>(weight));
  } else {
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format(
            "--weight-column {}: the interactions have no such column of numbers. Their columns are: {}.",
            column, columns.describe()));
  }
  bool has_weight = false;
  mpi::agree(communicator, [&] {
    for (std::size_t own = 0; own < weights.size(); ++own) {
      if (!split.is_train(own)) continue;
      has_weight = has_weight || weights[own] > 0;
      if (std::isfinite(weights[own]) && weights[own] >= 0) continue;
      throw base::DataError(
          fmt::format("--weight-column {}: interaction {} (user {}) has the weight {}. Weights must be "
                      "finite and at least 0.",
                      column, dataset.first + static_cast<std::int64_t>(own) + 1,
                      columns.strings.at("user_id")[own], weights[own]));
    }
  });
  if (communicator.max(std::int64_t{has_weight ? 1 : 0}) == 0) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("--weight-column {}: all training examples have the weight 0. Name another "
                    "column.",
                    column));
  }
  return weights;
}

}  // namespace gemel::ingest
