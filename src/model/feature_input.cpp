#include "model/feature_input.hpp"

#include <algorithm>
#include <bit>

#include "base/radix_sort.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::model {
FeatureInput::FeatureInput(const std::vector<features::FittedFeature>& features, const std::string& tower,
                           float embedding_range) {
  for (const features::FittedFeature& feature : features) {
    columns_.push_back({form_of(*feature.spec.kind), width_, feature.spec.width(), tables_.size()});
    width_ += feature.spec.width();
    if (feature.spec.has_table()) {
      const std::string name = feature.spec.name();
      tables_.push_back({tower + "/tables/" + name, name, feature.spec.column, feature.table_rows(),
                         feature.spec.dim, feature.spec.is_bias() ? 0.0F : embedding_range,
                         feature.special_rows()});
    }
  }
}

FeatureInput::Form FeatureInput::form_of(const features::Kind& kind) {
  if (!kind.has_table()) return Form::number;
  if (kind.is_bias()) return Form::bias;
  return kind.has_lists() ? Form::mean : Form::row;
}

void FeatureInput::touched_rows(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                                std::size_t table, std::vector<std::int64_t>& touched) const {
  for (std::size_t feature = 0; feature < columns_.size(); ++feature) {
    const Column& column = columns_[feature];
    if (column.form == Form::number || column.table != table) continue;
    features::append_table_rows(feature, rows, selection, touched);
  }
}

void FeatureInput::forward(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                           std::span<const exchange::ReachableRows> tables, tensor::MatrixView input) const {
  for (std::size_t i = 0; i < selection.size(); ++i) {
    const std::span<float> output = input.row(i);
    if (selection[i] < 0) {
      std::fill(output.begin(), output.end(), 0.0F);
      continue;
    }
    const std::uint32_t* words = rows.words.data() + static_cast<std::size_t>(selection[i]) * rows.features;
    for (std::size_t feature = 0; feature < columns_.size(); ++feature) {
      const Column& column = columns_[feature];
      const std::span<float> values = output.subspan(column.offset, column.width);
      switch (column.form) {
        case Form::bias:
          break;
        case Form::number:
          values[0] = std::bit_cast<float>(words[feature]);
          break;
        case Form::row: {
          const std::span<const float> embedding = tables[column.table][words[feature]];
          std::copy(embedding.begin(), embedding.end(), values.begin());
          break;
        }
        case Form::mean: {
          std::fill(values.begin(), values.end(), 0.0F);
          const auto table_rows = rows.list(words[feature]);
          for (const std::uint32_t table_row : table_rows) {
            tensor::add_into(values, tables[column.table][table_row]);
          }
          if (!table_rows.empty())
            tensor::scale(values, 1.0F / static_cast<float>(table_rows.size()), values);
          break;
        }
      }
    }
  }
}

bool FeatureInput::has_biases() const {
  return std::ranges::any_of(columns_, &Column::is_bias);
}

void FeatureInput::look_up_biases(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                                  std::span<const exchange::ReachableRows> tables,
                                  std::span<float> biases) const {
  std::fill(biases.begin(), biases.end(), 0.0F);
  for (std::size_t feature = 0; feature < columns_.size(); ++feature) {
    const Column& column = columns_[feature];
    if (!column.is_bias()) continue;
    for (std::size_t i = 0; i < selection.size(); ++i) {
      if (selection[i] < 0) continue;
      const std::size_t word = static_cast<std::size_t>(selection[i]) * rows.features + feature;
      biases[i] += tables[column.table][rows.words[word]].front();
    }
  }
}

void FeatureInput::collect(const Column& column, std::size_t feature, const features::FeatureRows& rows,
                           std::span<const std::int32_t> selection, Scratch& scratch) const {
  scratch.keys.clear();
  scratch.examples.clear();
  scratch.factors.clear();
  const auto add = [&](std::uint32_t table_row, std::size_t example, float factor) {
    scratch.keys.push_back(static_cast<std::uint64_t>(table_row) << 32 | scratch.examples.size());
    scratch.examples.push_back(static_cast<std::uint32_t>(example));
    scratch.factors.push_back(factor);
  };
  for (std::size_t i = 0; i < selection.size(); ++i) {
    if (selection[i] < 0) continue;
    const std::uint32_t word = rows.words[static_cast<std::size_t>(selection[i]) * rows.features + feature];
    if (column.form == Form::mean) {
      const auto table_rows = rows.list(word);
      for (const std::uint32_t table_row : table_rows)
        add(table_row, i, 1.0F / static_cast<float>(table_rows.size()));
    } else {
      add(word, i, 1.0F);
    }
  }
  base::sort_by_upper_half(scratch.keys, scratch.spare);
}

void FeatureInput::backward(const features::FeatureRows& rows, std::span<const std::int32_t> selection,
                            tensor::ConstMatrixView input_gradient, tensor::ConstMatrixView bias_gradient,
                            std::span<exchange::RowGradient> gradients, Scratch& scratch) const {
  for (std::size_t feature = 0; feature < columns_.size(); ++feature) {
    const Column& column = columns_[feature];
    if (column.form == Form::number) continue;
    const tensor::ConstMatrixView source = column.is_bias() ? bias_gradient : input_gradient;
    const std::size_t offset = column.is_bias() ? 0 : column.offset;
    const std::size_t width = column.is_bias() ? 1 : column.width;
    collect(column, feature, rows, selection, scratch);
    exchange::RowGradient& gradient = gradients[column.table];
    gradient.rows.clear();
    gradient.values.resize(scratch.keys.size(), width);
    for (const std::uint64_t key : scratch.keys) {
      const auto table_row = static_cast<std::int64_t>(key >> 32);
      const auto occurrence = static_cast<std::uint32_t>(key);
      const auto addend = source.row(scratch.examples[occurrence]).subspan(offset, width);
      const float factor = scratch.factors[occurrence];
      if (gradient.rows.empty() || gradient.rows.back() != table_row) {
        gradient.rows.push_back(table_row);
        tensor::scale(addend, factor, gradient.values.row(gradient.rows.size() - 1));
      } else {
        tensor::add_scaled(gradient.values.row(gradient.rows.size() - 1), factor, addend);
      }
    }
  }
}

}  // namespace gemel::model
