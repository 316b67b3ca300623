#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <set>

#include "gemel/base/error.hpp"
#include "gemel/ingest/feature.hpp"
#include "gemel/ingest/moments.hpp"
#include "gemel/ingest/text.hpp"
#include "gemel/ingest/vocabulary.hpp"

namespace gemel::ingest {
namespace {

/// The column of `spec` in `of_kind`, one of the two maps of `columns`.
template <class Map>
const auto& find_column(const FeatureSpec& spec, const Columns& columns, const Map& of_kind,
                        std::string_view needed) {
  if (const auto found = of_kind.find(spec.column); found != of_kind.end()) return found->second;
  const bool exists = columns.strings.contains(spec.column) || columns.numbers.contains(spec.column);
  throw base::UsageError(fmt::format("feature \"{}\": {}. The columns are: {}.", spec.declaration(),
                                     exists ? fmt::format("this kind needs a column of {}", needed)
                                            : fmt::format("there is no column \"{}\"", spec.column),
                                     columns.describe()));
}

const StringColumn& text_column(const FeatureSpec& spec, const Columns& columns) {
  return find_column(spec, columns, columns.strings, "text");
}

const std::vector<std::int64_t>& number_column(const FeatureSpec& spec, const Columns& columns) {
  return find_column(spec, columns, columns.numbers, "numbers");
}

FittedFeature fit(const FeatureSpec& spec, const Columns& columns, mpi::Communicator& communicator) {
  FittedFeature feature;
  feature.spec = spec;
  switch (spec.kind) {
    case FeatureKind::lookup:
      feature.vocabulary = build_vocabulary(text_column(spec, columns), communicator);
      break;
    case FeatureKind::text:
      feature.vocabulary = build_text_vocabulary(text_column(spec, columns), spec.size, communicator);
      break;
    case FeatureKind::bucketize: {
      const auto& values = number_column(spec, columns);
      std::int64_t minimum = std::numeric_limits<std::int64_t>::max();
      std::int64_t maximum = std::numeric_limits<std::int64_t>::min();
      for (const std::int64_t value : values) {
        minimum = std::min(minimum, value);
        maximum = std::max(maximum, value);
      }
      feature.minimum = static_cast<double>(communicator.min(minimum));
      feature.maximum = static_cast<double>(communicator.max(maximum));
      break;
    }
    case FeatureKind::normalize: {
      const Moments of_column = moments(number_column(spec, columns), communicator);
      feature.mean = of_column.mean;
      if (of_column.deviation > 0) feature.deviation = of_column.deviation;
      break;
    }
  }
  return feature;
}

/// Writes one feature's word of every row: put(row, word).
template <class Put>
void featurize_lookup(const FittedFeature& feature, const Columns& columns, Put put) {
  const StringColumn& column = text_column(feature.spec, columns);
  const RowMap row_of = make_row_map(feature.vocabulary, 1);
  for (std::size_t row = 0; row < column.size(); ++row) {
    const auto found = row_of.find(column[row]);
    put(row, found == row_of.end() ? 0U : static_cast<std::uint32_t>(found->second));
  }
}

template <class Put>
void featurize_bucketize(const FittedFeature& feature, const Columns& columns, Put put) {
  const auto& values = number_column(feature.spec, columns);
  const std::vector<double> boundaries = linspace(feature.minimum, feature.maximum, feature.spec.size);
  for (std::size_t row = 0; row < values.size(); ++row) {
    const auto above =
        std::upper_bound(boundaries.begin(), boundaries.end(), static_cast<double>(values[row]));
    put(row, static_cast<std::uint32_t>(above - boundaries.begin()));
  }
}

template <class Put>
void featurize_normalize(const FittedFeature& feature, const Columns& columns, Put put) {
  const auto& values = number_column(feature.spec, columns);
  for (std::size_t row = 0; row < values.size(); ++row) {
    const double score = (static_cast<double>(values[row]) - feature.mean) / feature.deviation;
    put(row, std::bit_cast<std::uint32_t>(static_cast<float>(score)));
  }
}

template <class Put>
void featurize_text(const FittedFeature& feature, const Columns& columns, RowLists& lists, Put put) {
  const StringColumn& column = text_column(feature.spec, columns);
  const RowMap row_of = make_row_map(feature.vocabulary, special_token_rows);
  Tokenizer tokenize;
  for (std::size_t row = 0; row < column.size(); ++row) {
    for (const std::string_view token : tokenize(column[row])) {
      const auto found = row_of.find(token);
      lists.rows.push_back(found == row_of.end() ? unknown_token_row : found->second);
    }
    base::require(lists.rows.size() <= std::numeric_limits<std::uint32_t>::max(),
                  "featurize: more than 2^32 tokens");
    lists.offsets.push_back(static_cast<std::uint32_t>(lists.rows.size()));
    put(row, static_cast<std::uint32_t>(row));
  }
}

}  // namespace

std::vector<FittedFeature> fit_features(const std::vector<FeatureSpec>& specs, const Columns& columns,
                                        mpi::Communicator& communicator) {
  base::require(communicator.sum(static_cast<std::int64_t>(columns.rows)) > 0, "fit_features: no rows");
  std::set<std::string> names;
  std::vector<FittedFeature> features;
  for (const FeatureSpec& spec : specs) {
    if (!names.insert(spec.name()).second) {
      throw base::UsageError(
          fmt::format("feature \"{}\": another feature of this side is called {} already. Declare a "
                      "column once for each kind.",
                      spec.declaration(), spec.name()));
    }
    features.push_back(fit(spec, columns, communicator));
  }
  return features;
}

FeatureRows featurize(const std::vector<FittedFeature>& features, const Columns& columns) {
  FeatureRows result;
  result.features = features.size();
  result.words.resize(columns.rows * features.size());
  result.lists.resize(features.size());
  for (std::size_t index = 0; index < features.size(); ++index) {
    const FittedFeature& feature = features[index];
    const auto put = [&](std::size_t row, std::uint32_t word) {
      result.words[row * features.size() + index] = word;
    };
    switch (feature.spec.kind) {
      case FeatureKind::lookup:
        featurize_lookup(feature, columns, put);
        break;
      case FeatureKind::bucketize:
        featurize_bucketize(feature, columns, put);
        break;
      case FeatureKind::normalize:
        featurize_normalize(feature, columns, put);
        break;
      case FeatureKind::text:
        featurize_text(feature, columns, result.lists[index], put);
        break;
    }
  }
  return result;
}

}  // namespace gemel::ingest
