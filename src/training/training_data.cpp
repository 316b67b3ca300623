#include "gemel/training/training_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

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
    if (spec.has_lists()) {
      throw base::UsageError(
          fmt::format("--query-feature {}: text and list are kinds of candidate features. A query travels to "
                      "the rank that trains it as one word per feature, and a list of rows is no word. Use "
                      "lookup or hash(N), which take the column's text as one value.",
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

/// `users` are the numbers of the interactions' users, or empty.
void divide(const ingest::Dataset& dataset, const ingest::Split& split, const ingest::FeatureRows& rows,
            const std::vector<std::int32_t>& users, TrainingData& data) {
  data.train = empty_like(rows);
  data.test = empty_like(rows);
  for (std::size_t row = 0; row < dataset.item_rows.size(); ++row) {
    const auto place = split.place(dataset.first + static_cast<std::int64_t>(row));
    ingest::Examples& part = place.is_test ? data.test : data.train;
    append(rows, row, dataset.item_rows[row], part);
    if (!users.empty()) part.users.push_back(users[row]);
    if (!place.is_test) data.train_numbers.push_back(place.number);
  }
}

bool needs_users(const TrainingOptions& options) {
  const auto metrics = evaluation::make_metrics(options.metrics, options.top_k);
  return options.exclude_seen || std::ranges::any_of(metrics, &evaluation::Metric::is_of_users);
}

/// Throws AgreedError (data). Collective.
ingest::UserNumbers number_users(const ingest::Columns& interactions, mpi::Communicator& communicator) {
  const auto ids = interactions.strings.find("user_id");
  if (ids == interactions.strings.end()) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("the interactions have no users (a text column user_id), which --exclude-seen and "
                    "metrics of users need; their columns are {}",
                    interactions.describe()));
  }
  return ingest::number_users(ids->second, communicator);
}

}  // namespace

TrainingData prepare_data(const TrainingOptions& options, mpi::Communicator& communicator,
                          const TowerFeatures* earlier) {
  Specs specs;
  mpi::agree(communicator, [&] { specs = parse_specs(options.model); });
  ingest::Dataset dataset = ingest::read_dataset(options.data, communicator);
  std::optional<ingest::Split> split;
  mpi::agree(communicator,
             [&] { split.emplace(dataset.total, options.data.test_fraction, options.data.split_seed); });

  TrainingData data;
  data.identity = {dataset.name, dataset.total, split->train_size(), split->test_size(),
                   dataset.content_hash};
  ingest::FeaturisedColumns query =
      ingest::featurize_columns(specs.query, dataset.interactions, communicator,
                                {earlier ? &earlier->query : nullptr, options.freeze_vocabulary});
  data.query_features = std::move(query.features);
  ingest::UserNumbers users;
  if (needs_users(options)) users = number_users(dataset.interactions, communicator);
  data.users = users.users;
  mpi::agree(communicator, [&] { divide(dataset, *split, query.rows, users.numbers, data); });
  if (options.exclude_seen) data.seen.emplace(users.users, data.train.users, data.train.items, communicator);
  ingest::FeaturisedColumns candidate =
      ingest::featurize_columns(specs.candidate, dataset.catalogue, communicator,
                                {earlier ? &earlier->candidate : nullptr, options.freeze_vocabulary});
  data.candidate_features = std::move(candidate.features);
  data.catalogue = ingest::all_gather_rows(candidate.rows, communicator);
  auto& columns = dataset.catalogue.strings;
  const bool has_titles = columns.contains("title");
  const auto block = [&](ingest::StringColumn strings) {
    return ingest::VocabularyBlock{dataset.catalogue_total, dataset.catalogue_first, std::move(strings)};
  };
  data.item_labels = block(has_titles ? std::move(columns.at("title")) : columns.at("item_id"));
  data.item_ids = block(std::move(columns.at("item_id")));
  data.item_counts = ingest::count_items(dataset, *split, communicator);
  return data;
}

}  // namespace gemel::training
