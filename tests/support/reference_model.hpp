#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "features/feature.hpp"
#include "gemel/options.hpp"
#include "model/two_tower.hpp"

namespace gemel::test {

/// The two-tower model and its loss once more, in doubles and plain loops, with one column of logits for each example of the batch:
/// shares no code and no trick with the model under test.

using Vector = std::vector<double>;

/// A parameter, row-major, or its gradient.
struct ReferenceParameter {
  std::string name;
  std::size_t cols = 0;
  Vector values;
};

struct ReferenceTower {
  std::vector<features::FeatureSpec> features;
  std::vector<ReferenceParameter> tables;   // of the features that have one
  std::vector<ReferenceParameter> kernels;  // [in, out] of each layer
  std::vector<ReferenceParameter> biases;   // [out] of each layer
  bool normalize = false;
  /// Dropout's factors [cols] of row `number` at a place: 0 is the input, i + 1 the output of layer i. None: nothing is dropped.
  std::function<Vector(std::size_t place, std::size_t number, std::size_t cols)> dropout;
  bool appends_one = false;

  /// Of the same shape, all zero: for gradients.
  ReferenceTower zeros() const {
    ReferenceTower result = *this;
    for (ReferenceParameter* parameter : result.parameters())
      parameter->values.assign(parameter->values.size(), 0.0);
    return result;
  }

  std::vector<ReferenceParameter*> parameters() {
    std::vector<ReferenceParameter*> all;
    for (auto* group : {&tables, &kernels, &biases}) {
      for (ReferenceParameter& parameter : *group) all.push_back(&parameter);
    }
    return all;
  }
};

inline ReferenceTower reference_tower(const model::Tower& tower, const model::DenseParameters& dense) {
  ReferenceTower result;
  result.normalize = tower.architecture().options().normalize;
  result.appends_one = tower.architecture().options().append_one;
  for (const auto& feature : tower.features()) result.features.push_back(feature.spec);
  for (const auto& table : tower.tables()) {
    const auto values = table.weights().view().flat();
    result.tables.push_back({table.name(), table.dim(), Vector(values.begin(), values.end())});
  }
  for (const auto& place : dense.places()) {
    if (!place.name.starts_with(tower.name() + "/")) continue;
    const auto values = dense.values().subspan(place.offset, place.rows * place.cols);
    auto& group = place.name.ends_with("/bias") ? result.biases : result.kernels;
    group.push_back({place.name, place.cols, Vector(values.begin(), values.end())});
  }
  return result;
}

/// Stands for the column of the input in visits of biases, which are none of the input.
inline constexpr std::size_t bias_column = static_cast<std::size_t>(-1);

/// Calls visit(column of the input, table, table row, factor) for every embedding that row `row` of `rows` looks up.
template <class Visit>
void for_each_embedding(const ReferenceTower& tower, const features::FeatureRows& rows, std::size_t row,
                        const Visit& visit) {
  std::size_t column = 0;
  std::size_t table = 0;
  for (std::size_t feature = 0; feature < tower.features.size(); ++feature) {
    const std::span<const std::uint32_t> values = rows.values(row, feature);
    const features::FeatureSpec& spec = tower.features[feature];
    if (!spec.has_table()) {
      column += 1;
      continue;
    }
    if (spec.is_bias()) {
      visit(bias_column, table++, std::size_t{values.front()}, 1.0);
      continue;
    }
    for (const std::uint32_t value : values)
      visit(column, table, std::size_t{value}, 1.0 / static_cast<double>(values.size()));
    column += spec.dim;
    ++table;
  }
}

inline Vector reference_input(const ReferenceTower& tower, const features::FeatureRows& rows,
                              std::size_t row) {
  std::size_t width = 0;
  for (const auto& spec : tower.features) width += spec.width();
  Vector input(width, 0.0);
  std::size_t column = 0;
  for (std::size_t feature = 0; feature < tower.features.size(); ++feature) {
    const bool is_number = !tower.features[feature].has_table();
    if (is_number) input[column] = std::bit_cast<float>(rows.words[row * rows.features + feature]);
    column += tower.features[feature].width();
  }
  for_each_embedding(tower, rows, row,
                     [&](std::size_t start, std::size_t table, std::size_t table_row, double factor) {
                       if (start == bias_column) return;
                       const ReferenceParameter& weights = tower.tables[table];
                       for (std::size_t i = 0; i < weights.cols; ++i) {
                         input[start + i] += factor * weights.values[table_row * weights.cols + i];
                       }
                     });
  return input;
}

/// The sum of a row's biases; not a number where the tower has none.
inline double reference_bias(const ReferenceTower& tower, const features::FeatureRows& rows,
                             std::size_t row) {
  double sum = NAN;
  for_each_embedding(tower, rows, row,
                     [&](std::size_t start, std::size_t table, std::size_t table_row, double) {
                       if (start != bias_column) return;
                       sum = (std::isnan(sum) ? 0.0 : sum) + tower.tables[table].values[table_row];
                     });
  return sum;
}

inline double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline void reference_drop(const ReferenceTower& tower, std::size_t place, std::size_t number,
                           Vector& values) {
  if (!tower.dropout) return;
  const Vector factors = tower.dropout(place, number, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= factors[i];
}

/// The input, then the output of every layer, then the vector. `number` is the row's for dropout.
inline std::vector<Vector> reference_forward(const ReferenceTower& tower, const features::FeatureRows& rows,
                                             std::size_t row, std::size_t number = 0) {
  std::vector<Vector> stages = {reference_input(tower, rows, row)};
  reference_drop(tower, 0, number, stages.back());
  for (std::size_t layer = 0; layer < tower.kernels.size(); ++layer) {
    const Vector& input = stages.back();
    Vector output = tower.biases[layer].values;
    for (std::size_t o = 0; o < output.size(); ++o) {
      for (std::size_t i = 0; i < input.size(); ++i) {
        output[o] += input[i] * tower.kernels[layer].values[i * output.size() + o];
      }
      if (layer + 1 < tower.kernels.size()) output[o] = std::fmax(output[o], 0.0);
    }
    if (layer + 1 < tower.kernels.size()) reference_drop(tower, layer + 1, number, output);
    stages.push_back(std::move(output));
  }
  Vector vector = stages.back();
  if (tower.normalize) {
    const double length = std::sqrt(dot(vector, vector));
    for (double& value : vector) value /= length;
  }
  if (tower.appends_one) vector.push_back(1.0);
  if (const double bias = reference_bias(tower, rows, row); !std::isnan(bias)) vector.push_back(bias);
  stages.push_back(std::move(vector));
  return stages;
}

/// Adds to `gradients` what one example with this gradient of its vector adds.
inline void reference_backward(const ReferenceTower& tower, const features::FeatureRows& rows,
                               std::size_t row, const std::vector<Vector>& stages, Vector gradient,
                               ReferenceTower& gradients, std::size_t number = 0) {
  const double bias_gradient = gradient.back();
  const Vector& raw = stages[stages.size() - 2];
  gradient.resize(raw.size());
  if (tower.normalize) {
    const double squared = dot(raw, raw);
    const double along = dot(gradient, raw) / squared;
    for (std::size_t i = 0; i < raw.size(); ++i)
      gradient[i] = (gradient[i] - along * raw[i]) / std::sqrt(squared);
  }
  for (std::size_t layer = tower.kernels.size(); layer-- > 0;) {
    const Vector& input = stages[layer];
    Vector input_gradient(input.size(), 0.0);
    if (layer + 1 < tower.kernels.size()) reference_drop(tower, layer + 1, number, gradient);
    for (std::size_t o = 0; o < gradient.size(); ++o) {
      if (layer + 1 < tower.kernels.size() && stages[layer + 1][o] <= 0) continue;
      gradients.biases[layer].values[o] += gradient[o];
      for (std::size_t i = 0; i < input.size(); ++i) {
        gradients.kernels[layer].values[i * gradient.size() + o] += input[i] * gradient[o];
        input_gradient[i] += tower.kernels[layer].values[i * gradient.size() + o] * gradient[o];
      }
    }
    gradient = std::move(input_gradient);
  }
  reference_drop(tower, 0, number, gradient);
  for_each_embedding(tower, rows, row,
                     [&](std::size_t start, std::size_t table, std::size_t table_row, double factor) {
                       ReferenceParameter& weights = gradients.tables[table];
                       if (start == bias_column) {
                         weights.values[table_row] += bias_gradient;
                         return;
                       }
                       for (std::size_t i = 0; i < weights.cols; ++i) {
                         weights.values[table_row * weights.cols + i] += factor * gradient[start + i];
                       }
                     });
}

/// The columns of a batch's logits, one for each example, draw or item of the catalogue: as many as there are, also of one item.
struct ReferenceColumns {
  std::vector<std::int32_t> items;
  std::vector<std::size_t> labels;  // the column of each example
};

inline ReferenceColumns reference_columns(std::span<const std::int32_t> items,
                                          std::span<const std::int32_t> drawn, std::size_t catalogue_size,
                                          const LossOptions& options) {
  ReferenceColumns columns;
  if (options.negatives == NegativeSource::catalogue) {
    for (std::size_t item = 0; item < catalogue_size; ++item)
      columns.items.push_back(static_cast<std::int32_t>(item));
    for (const std::int32_t item : items) columns.labels.push_back(static_cast<std::size_t>(item));
    return columns;
  }
  for (std::size_t i = 0; i < items.size(); ++i) columns.labels.push_back(i);
  columns.items.assign(items.begin(), items.end());
  columns.items.insert(columns.items.end(), drawn.begin(), drawn.end());
  return columns;
}

/// The softmax loss over a batch, summed, and the gradients.
struct ReferenceLoss {
  double loss = 0;
  double log_temperature_gradient = 0;
  std::vector<Vector> query_gradients;      // one per example
  std::vector<Vector> candidate_gradients;  // one per column; columns of one item each have a part
};

/// log q of every item, times its strength: of its share in the batch's examples and `draws` extra ones together; 0 of an item
/// that nobody has and nothing draws, which is never a column.
inline Vector reference_corrections(const LossOptions& options, double examples, double draws,
                                    std::span<const std::int64_t> item_counts) {
  double total = 0;
  double total_power = 0;
  const auto power = [&](std::int64_t count) {
    const bool is_uniform = options.negative_distribution == NegativeDistribution::uniform;
    return is_uniform ? 1.0 : std::pow(static_cast<double>(count), options.negative_power);
  };
  for (const std::int64_t count : item_counts) {
    total += static_cast<double>(count);
    total_power += power(count);
  }
  Vector corrections;
  for (const std::int64_t count : item_counts) {
    const double expected =
        examples * static_cast<double>(count) / total + draws * power(count) / total_power;
    const double share = expected / (examples + draws);
    corrections.push_back(options.logq_correction && share > 0 ? options.logq_strength * std::log(share)
                                                               : 0.0);
  }
  return corrections;
}

/// Training items of the users of a batch's examples, one set for each example; empty where nothing is masked.
using ReferenceSeen = std::vector<std::set<std::int32_t>>;

/// Which columns the row of `label` has; `seen` are the items of its user that are masked.
inline std::vector<bool> reference_row_columns(const Vector& logits, const ReferenceColumns& columns,
                                               std::size_t label, const LossOptions& options,
                                               const std::set<std::int32_t>& seen) {
  const std::int32_t own = columns.items[label];
  std::set<std::pair<double, std::int32_t>> others;  // the best first, and of equals the first item
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (columns.items[j] != own && !seen.contains(columns.items[j]))
      others.emplace(-logits[j], columns.items[j]);
  }
  std::set<std::int32_t> kept;
  for (const auto& [score, item] : others) {
    if (options.hard_negatives == 0 || static_cast<std::int64_t>(kept.size()) < options.hard_negatives)
      kept.insert(item);
  }
  std::vector<bool> has(logits.size());
  for (std::size_t j = 0; j < logits.size(); ++j) {
    has[j] = columns.items[j] == own ? j == label || !options.remove_accidental_hits
                                     : kept.contains(columns.items[j]);
  }
  return has;
}

/// `candidates[j]` is the vector of columns.items[j]; `weights` are those of the examples, all 1 when empty; `seen` is needed where the
/// options mask it.
inline ReferenceLoss reference_softmax(const std::vector<Vector>& queries,
                                       const std::vector<Vector>& candidates, const ReferenceColumns& columns,
                                       const LossOptions& options, std::span<const std::int64_t> item_counts,
                                       std::span<const float> weights = {}, const ReferenceSeen& seen = {}) {
  const std::size_t rows = queries.size();
  const std::size_t size = candidates.size();
  const bool is_catalogue = options.negatives == NegativeSource::catalogue;
  const Vector corrections = reference_corrections(
      options, static_cast<double>(rows), is_catalogue ? 0.0 : static_cast<double>(size - rows), item_counts);
  const auto weight_of = [&](std::size_t i) { return weights.empty() ? 1.0 : double{weights[i]}; };
  double scale = 1;
  if (options.reduction == LossReduction::mean) {
    double sum = 0;
    for (std::size_t i = 0; i < rows; ++i) sum += weight_of(i);
    scale = 1 / sum;
  }
  ReferenceLoss result;
  result.query_gradients.assign(rows, Vector(queries.front().size(), 0.0));
  result.candidate_gradients.assign(size, Vector(queries.front().size(), 0.0));
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t label = columns.labels[i];
    Vector scores(size), logits(size);
    for (std::size_t j = 0; j < size; ++j) {
      scores[j] = dot(queries[i], candidates[j]) / options.temperature;
      logits[j] = scores[j] - corrections[static_cast<std::size_t>(columns.items[j])];
    }
    const std::vector<bool> has = reference_row_columns(
        logits, columns, label, options, options.mask_seen ? seen.at(i) : std::set<std::int32_t>());
    double largest = -INFINITY;
    double number = 0;
    for (std::size_t j = 0; j < size; ++j) {
      if (!has[j]) continue;
      largest = std::fmax(largest, logits[j]);
      number += 1;
    }
    double sum = 0;
    for (std::size_t j = 0; j < size; ++j) sum += has[j] ? std::exp(logits[j] - largest) : 0.0;
    result.loss += weight_of(i) * options.partition_weight * (largest + std::log(sum));
    for (std::size_t j = 0; j < size; ++j) {
      if (!has[j]) continue;
      const double smoothing = options.label_smoothing;
      const double target = (j == label ? 1 - smoothing : 0.0) + smoothing / number;
      result.loss -= weight_of(i) * target * logits[j];
      const double gradient =
          scale * weight_of(i) * (options.partition_weight * std::exp(logits[j] - largest) / sum - target);
      result.log_temperature_gradient -= gradient * scores[j];
      for (std::size_t k = 0; k < queries[i].size(); ++k) {
        result.query_gradients[i][k] += gradient / options.temperature * candidates[j][k];
        result.candidate_gradients[j][k] += gradient / options.temperature * queries[i][k];
      }
    }
  }
  return result;
}

struct ReferenceModel {
  ReferenceTower query;
  ReferenceTower candidate;
  double log_temperature = 0;  // its gradient; its value is in the options
};

/// The loss of a batch: example i is row query_rows[i] of `features` and row items[i] of `catalogue`, and `drawn` are further
/// negatives. Where `gradients` is given, it becomes the gradient of every parameter. For dropout, numbers[i] is the place of example
/// i in its batch. Where the options mask it, seen[i] are the training items of its user.
inline double reference_step(const ReferenceModel& model, const features::FeatureRows& features,
                             std::span<const std::size_t> query_rows, const features::FeatureRows& catalogue,
                             std::span<const std::int32_t> items, const LossOptions& options,
                             std::span<const std::int64_t> item_counts, ReferenceModel* gradients = nullptr,
                             std::span<const std::int32_t> drawn = {}, std::span<const float> weights = {},
                             std::span<const std::size_t> numbers = {}, const ReferenceSeen& seen = {}) {
  const ReferenceColumns columns = reference_columns(items, drawn, catalogue.size(), options);
  std::vector<std::vector<Vector>> query_stages, candidate_stages;
  std::vector<Vector> queries, candidates;
  const auto number = [&](std::size_t i) { return numbers.empty() ? 0 : numbers[i]; };
  for (std::size_t i = 0; i < query_rows.size(); ++i) {
    query_stages.push_back(reference_forward(model.query, features, query_rows[i], number(i)));
    queries.push_back(query_stages.back().back());
  }
  for (const std::int32_t item : columns.items) {
    const auto row = static_cast<std::size_t>(item);
    candidate_stages.push_back(reference_forward(model.candidate, catalogue, row, row));
    candidates.push_back(candidate_stages.back().back());
  }
  ReferenceLoss loss = reference_softmax(queries, candidates, columns, options, item_counts, weights, seen);
  if (gradients == nullptr) return loss.loss;
  *gradients = {model.query.zeros(), model.candidate.zeros(), loss.log_temperature_gradient};
  for (std::size_t i = 0; i < queries.size(); ++i) {
    reference_backward(model.query, features, query_rows[i], query_stages[i], loss.query_gradients[i],
                       gradients->query, number(i));
  }
  for (std::size_t j = 0; j < candidates.size(); ++j) {
    const auto item = static_cast<std::size_t>(columns.items[j]);
    reference_backward(model.candidate, catalogue, item, candidate_stages[j], loss.candidate_gradients[j],
                       gradients->candidate, item);
  }
  return loss.loss;
}

}  // namespace gemel::test
