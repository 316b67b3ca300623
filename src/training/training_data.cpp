#include "gemel/training/training_data.hpp"

#include <fmt/format.h>

#include <optional>

#include "gemel/base/error.hpp"
#include "gemel/ingest/dataset_reader.hpp"
#include "gemel/ingest/item_counts.hpp"
#include "gemel/ingest/split.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/training/settings.hpp"

namespace gemel::training {
namespace {

struct Specs {
  std::vector<ingest::FeatureSpec> query;
  std::vector<ingest::FeatureSpec> candidate;
};

Specs parse_specs(const model::ModelOptions& model) {
  Specs specs = {parse_features(model.query_features, model.embedding_dim),
                 parse_features(model.candidate_features, model.embedding_dim)};
  for (const ingest::FeatureSpec& spec : specs.query) {
    if (spec.kind == ingest::FeatureKind::text) {
      throw base::UsageError(fmt::format(
          "--query-feature {}: text is a kind of candidate features; a query has no texts. Use lookup",
          spec.declaration()));
    }
  }
  return specs;
}

/// Appends row `row` of `rows` and its item to `examples`.
void append(const ingest::FeatureRows& rows, std::size_t row, std::int32_t item, ingest::Examples& examples) {
  const auto first = rows.words.begin() + static_cast<std::ptrdiff_t>(row * rows.features);
  examples.features.words.insert(examples.features.words.end(), first,
                                 first + static_cast<std::ptrdiff_t>(rows.features));
  examples.items.push_back(item);
}

ingest::Examples empty_like(const ingest::FeatureRows& rows) {
  ingest::Examples examples;
  examples.features.features = rows.features;
  examples.features.lists = rows.lists;
  return examples;
}

void divide(const ingest::Dataset& dataset, const ingest::Split& split, const ingest::FeatureRows& rows,
            TrainingData& data) {
  data.train = empty_like(rows);
  data.test = empty_like(rows);
  for (std::size_t row = 0; row < dataset.item_rows.size(); ++row) {
    const auto place = split.place(dataset.first + static_cast<std::int64_t>(row));
    append(rows, row, dataset.item_rows[row], place.is_test ? data.test : data.train);
    if (!place.is_test) data.train_numbers.push_back(place.number);
  }
}

std::vector<std::string> texts(const ingest::StringColumn& column) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < column.size(); ++i) all.emplace_back(column[i]);
  return all;
}

/// What is wrong with a declaration, every rank finds alike.
std::vector<ingest::FittedFeature> fit_alike(const std::vector<ingest::FeatureSpec>& specs,
                                             const ingest::Columns& columns,
                                             mpi::Communicator& communicator) {
  try {
    return ingest::fit_features(specs, columns, communicator);
  } catch (const base::UsageError& error) {
    throw mpi::AgreedError(error.code(), error.what());
  }
}

}  // namespace

TrainingData prepare_data(const TrainingOptions& options, mpi::Communicator& communicator) {
  Specs specs;
  mpi::agree(communicator, [&] { specs = parse_specs(options.model); });
  const ingest::Dataset dataset = ingest::read_dataset(options.data, communicator);
  std::optional<ingest::Split> split;
  mpi::agree(communicator,
             [&] { split.emplace(dataset.total, options.data.test_fraction, options.data.split_seed); });

  TrainingData data;
  data.identity = {dataset.name, dataset.total, split->train_size(), split->test_size(),
                   dataset.content_hash};
  data.query_features = fit_alike(specs.query, dataset.interactions, communicator);
  mpi::Communicator self = mpi::Communicator::self();  // every rank holds the catalogue whole
  mpi::agree(communicator, [&] {
    data.candidate_features = ingest::fit_features(specs.candidate, dataset.catalogue, self);
    data.catalogue = ingest::featurize(data.candidate_features, dataset.catalogue);
    divide(dataset, *split, ingest::featurize(data.query_features, dataset.interactions), data);
    data.item_ids = texts(dataset.catalogue.strings.at("item_id"));
    const auto title = dataset.catalogue.strings.find("title");
    data.item_labels = title == dataset.catalogue.strings.end() ? data.item_ids : texts(title->second);
  });
  data.item_counts = ingest::count_items(dataset, *split, communicator);
  return data;
}

}  // namespace gemel::training
