#include "features/encoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "features/raw_column.hpp"
#include "ingest/vocabulary.hpp"

namespace gemel::features {

Encoder::Encoder(const std::vector<FittedFeature>& features, mpi::Communicator& communicator)
    : features_(features), communicator_(communicator) {
  for (const FittedFeature& feature : features) {
    specs_.push_back(feature.spec);
    described_.push_back(described(feature.spec));
    indices_.push_back(feature.spec.kind->index(feature.vocabulary, described_.back(), communicator));
  }
}

ColumnType Encoder::type_of(const std::string& column) const {
  ColumnType type = ColumnType::any;
  for (const FeatureSpec& spec : specs_) {
    const ColumnType needed = spec.kind->column_type();
    if (spec.column == column && needed != ColumnType::any) type = needed;
  }
  return type;
}

std::vector<std::string> Encoder::columns() const {
  std::vector<std::string> names;
  for (const FeatureSpec& spec : specs_) {
    if (std::ranges::find(names, spec.column) == names.end()) names.push_back(spec.column);
  }
  return names;
}

FeatureRows Encoder::encode(const ingest::Columns& columns) const {
  for (const FeatureSpec& spec : specs_)
    check_column(spec, columns, fmt::format(" The model was trained with it: give {} too.", spec.column));
  FeatureRows rows = blank_rows(specs_, columns.rows);
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    ValueColumn values(rows, i);
    specs_[i].kind->encode(raw_column(specs_[i], columns, described_[i], communicator_), indices_[i].get(),
                           values);
  }
  return rows;
}

std::vector<UnknownValue> Encoder::unknown_values(const FeatureRows& rows) const {
  std::vector<UnknownValue> unknown;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t feature = 0; feature < specs_.size(); ++feature) {
      if (specs_[feature].kind->is_id() &&
          rows.values(row, feature).front() == ingest::VocabularyDirectory::unknown_row) {
        unknown.push_back({row, feature});
      }
    }
  }
  return unknown;
}

}  // namespace gemel::features
