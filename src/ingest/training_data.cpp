#include "ingest/training_data.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/give_back.hpp"
#include "base/pages.hpp"
#include "features/declarations.hpp"
#include "features/featurizer.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/duplicates.hpp"
#include "ingest/earlier_split.hpp"
#include "ingest/filters.hpp"
#include "ingest/item_counts.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/overlap.hpp"
#include "ingest/row_numbers.hpp"
#include "ingest/split.hpp"
#include "ingest/time_warning.hpp"
#include "ingest/weights.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

struct Specs {
  std::vector<features::FeatureSpec> query;
  std::vector<features::FeatureSpec> candidate;
};

Specs parse_specs(const ModelOptions& model) {
  features::check_widths(model);
  Specs specs = {features::parse_features(model.query_features, model.embedding_dim),
                 features::parse_features(model.all_candidate_features(), model.embedding_dim)};
  for (const features::FeatureSpec& spec : specs.query) {
    if (const std::string_view reason = spec.kind->why_not_of_queries(); !reason.empty())
      throw base::UsageError(fmt::format("--query-feature {}: {}", spec.declaration(), reason));
  }
  return specs;
}

/// The columns of interactions that the features of queries and the weights are made of.
std::vector<std::string> columns_of(const TrainingOptions& options, const Specs& specs) {
  std::vector<std::string> names;
  for (const features::FeatureSpec& spec : specs.query) names.push_back(spec.column);
  for (const std::string& name : {options.data.weight_column, options.data.files.columns.weight})
    if (!name.empty()) names.push_back(name);
  return names;
}

/// Features whose columns are called as their files call them are those of the columns as we call them: "movieId:lookup" is
/// "item_id:lookup".
void use_our_names(std::vector<std::string>& declarations, const Columns& columns) {
  for (std::string& declaration : declarations) {
    const std::size_t end = declaration.find(':');
    declaration = columns.name_here(declaration.substr(0, end)) + declaration.substr(end);
  }
}

/// Features that were not chosen give way to ids alone where the data has not the column that they need.
void settle_features(ModelOptions& model, const ingest::Dataset& dataset) {
  use_our_names(model.query_features, dataset.interactions);
  use_our_names(model.candidate_features, dataset.catalogue);
  if (model.adapt_query_features && !dataset.interactions.has("timestamp"))
    model.query_features = {"user_id:lookup"};
  if (model.adapt_candidate_features && !dataset.catalogue.has("title"))
    model.candidate_features = {"item_id:lookup"};
  model.adapt_query_features = false;
  model.adapt_candidate_features = false;
}

/// Says what a part has in common with the training examples, and warns when that is too little or too much. Collective.
void report_overlap(const ingest::Dataset& dataset, const ingest::Split& split, ingest::Part part,
                    mpi::Communicator& communicator) {
  constexpr double many_unknown = 0.05;
  constexpr double many_shared = 0.01;
  const ingest::PartOverlap overlap = overlap_with_training(dataset, split, part, communicator);
  const auto& [users, items, pairs, unknown_user, training_user] = overlap;
  const std::string_view name = ingest::part_name(part);
  spdlog::info(
      "{}: training knows {} of {} users and {} of {} items; {} of {} pairs of a user and an item are "
      "training pairs, too",
      name, users.in_training, users.distinct, items.in_training, items.distinct, pairs.in_training,
      pairs.distinct);
  if (1 - users.shared() > many_unknown) {
    spdlog::warn(
        "{:.1f} % of the {} users are unknown to training, such as {} (training has such as {}): the model "
        "has learned nothing of them. If they should be known, are their ids spelt alike?",
        100 * (1 - users.shared()), name, ingest::quote(unknown_user), ingest::quote(training_user));
  }
  if (1 - items.shared() > many_unknown) {
    spdlog::warn(
        "{:.1f} % of the {} items have no training example: the model knows no more of them than their other "
        "features tell. If they should have some, are their ids spelt alike?",
        100 * (1 - items.shared()), name);
  }
  if (pairs.shared() > many_shared && !dataset.users_come_back) {
    spdlog::warn(
        "{:.1f} % of the {} pairs of a user and an item are training pairs, too: metrics of them tell what "
        "the model remembers. Take them out of one of the two, unless users choose the same items again",
        100 * pairs.shared(), name);
  }
}

void report_overlap(const ingest::Dataset& dataset, const ingest::Split& split,
                    mpi::Communicator& communicator) {
  for (const ingest::Part part : {ingest::Part::validation, ingest::Part::test}) {
    if (split.size(part) > 0) report_overlap(dataset, split, part, communicator);
  }
  if (split.size(ingest::Part::test) == 0) spdlog::info("test: there are no examples, so nothing is tested");
}

/// Makes featurised rows and items of all interactions the examples of each part; `weights` and `users` are of all of them, too, or empty.
/// Training examples, as a rule the most, move up in their own memory, so that little is needed besides.
void divide(const ingest::Split& split, features::FeatureRows rows, std::vector<std::int32_t> items,
            const std::vector<float>& weights, const std::vector<std::int32_t>& users, TrainingData& data) {
  features::Examples& train = data.train;
  const std::array<features::Examples*, ingest::part_names.size()> parts = {&train, &data.validation,
                                                                            &data.test};
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const auto size = static_cast<std::size_t>(std::ranges::count(split.parts, static_cast<Part>(part)));
    parts[part]->features = rows.empty_like();
    if (!users.empty()) parts[part]->users.resize(size);
    if (parts[part] == &train) continue;
    base::resize_on_huge_pages(parts[part]->features.words, size * rows.features);
    base::resize_on_huge_pages(parts[part]->items, size);
  }
  train.features.words = std::move(rows.words);
  train.items = std::move(items);
  if (!weights.empty())
    train.weights.resize(static_cast<std::size_t>(std::ranges::count(split.parts, Part::train)));
  std::array<std::size_t, ingest::part_names.size()> sizes = {};  // of what has been divided so far
  for (std::size_t row = 0; row < split.parts.size(); ++row) {
    const auto part = static_cast<std::size_t>(split.parts[row]);
    const std::size_t place = sizes[part]++;
    features::Examples& to = *parts[part];
    const std::uint32_t* const from_words = train.features.words.data() + row * rows.features;
    std::uint32_t* const to_words = to.features.words.data() + place * rows.features;
    for (std::size_t i = 0; i < rows.features; ++i) to_words[i] = from_words[i];
    for (const std::size_t i : rows.lists) to_words[i] = to.features.add_list(rows.list(to_words[i]));
    to.items[place] = train.items[row];
    if (!users.empty()) to.users[place] = users[row];
    if (!weights.empty() && part == 0) train.weights[place] = weights[row];
  }
  base::shorten(train.features.words, sizes[0] * rows.features);
  base::shorten(train.items, sizes[0]);
}

bool needs_users(const TrainingOptions& options) {
  const auto metrics = make_metrics(options.metrics, options.top_k);
  return options.exclude_seen != SeenItems::none || options.loss.mask_seen ||
         options.checkpoint.store_history || std::ranges::any_of(metrics, &Metric::is_of_users);
}

/// Collective.
void gather_seen_items(const TrainingOptions& options, TrainingData& data, mpi::Communicator& communicator) {
  using enum SeenItems;
  if (options.exclude_seen != none || options.loss.mask_seen || options.checkpoint.store_history)
    data.seen.emplace(data.users, data.train.users, data.train.items, communicator);
  if (options.exclude_seen != train_and_validation || data.identity.validation_examples == 0) return;
  std::vector<std::int32_t> users = data.train.users;
  std::vector<std::int32_t> items = data.train.items;
  users.insert(users.end(), data.validation.users.begin(), data.validation.users.end());
  items.insert(items.end(), data.validation.items.begin(), data.validation.items.end());
  data.seen_before_test.emplace(data.users, users, items, communicator);
}

/// Refuses more interactions than there is memory to prepare. Bytes of one, beside what was read of it: while it is split, its part, a hash and
/// two random numbers, 25; while features are made, its part, its words and which of the distinct strings it has, 5 and 4 a feature; and when
/// it becomes an example that is not trained, its part, its item and its words once more, 5 and 8 a feature, less its columns, which are not
/// needed any more. Its user and its weight come twice, 8 each. Collective.
void require_memory(const TrainingOptions& options, const Specs& specs, const ingest::Dataset& dataset,
                    mpi::Communicator& communicator) {
  const ingest::Columns& columns = dataset.interactions;
  const auto features = static_cast<double>(specs.query.size());
  const double more = (needs_users(options) ? 8 : 0) + (options.data.weight_column.empty() ? 0 : 8);
  const double freed = 4 * static_cast<double>(columns.strings.size()) +
                       8 * static_cast<double>(columns.numbers.size() + columns.decimals.size());
  const double bytes = std::max({25.0, 5 + 4 * features + more, 5 + 8 * features + more - freed});
  mpi::require_memory(bytes * static_cast<double>(dataset.item_rows.size()),
                      fmt::format("the examples of {} interactions", dataset.total), "take fewer of them",
                      communicator);
}

}  // namespace

ingest::Dataset read_data(TrainingOptions& options, mpi::Communicator& communicator,
                          const WantedColumns& others) {
  Specs specs;
  mpi::agree(communicator, [&] { specs = parse_specs(options.model); });  // before anything is read
  const bool adds_up = options.data.filters.duplicates == Duplicates::sum;
  if (adds_up && options.data.weight_column.empty() && options.data.files.columns.weight.empty())
    options.data.weight_column = ingest::count_column;  // sums of nothing that is named are counts
  WantedColumns wanted = others;
  std::ranges::move(columns_of(options, specs), std::back_inserter(wanted.names));
  if (options.data.filters.min_rating) wanted.names.push_back("rating");
  ingest::Dataset dataset = ingest::read_dataset(options.data, wanted, communicator);
  if (options.data.weight_column.empty()) options.data.weight_column = dataset.weight_column;
  options.data.weight_column = dataset.interactions.name_here(options.data.weight_column);
  apply_filters(options.data, dataset, communicator);
  settle_features(options.model, dataset);
  if (dataset.stored_split && options.data.takes_stored_split)
    dataset.stored_split->settings.apply_to(options.data);
  if (dataset.comes_split && !options.data.is_split_settled) options.data.split = SplitKind::files;
  options.data.is_split_settled = true;
  return dataset;
}

TrainingData prepare_data(const TrainingOptions& options, mpi::Communicator& communicator) {
  TrainingOptions settled = options;
  ingest::Dataset dataset = read_data(settled, communicator);
  return prepare_data(settled, std::move(dataset), communicator);
}

TrainingData prepare_data(const TrainingOptions& options, ingest::Dataset dataset,
                          mpi::Communicator& communicator, const EarlierRun* earlier) {
  Specs specs;
  mpi::agree(communicator, [&] { specs = parse_specs(options.model); });
  ingest::require_numbers(dataset.item_rows.size(), "interactions", communicator);
  require_memory(options, specs, dataset, communicator);
  const ingest::Split split =
      earlier == nullptr
          ? ingest::split_interactions(dataset, options.data, communicator)
          : ingest::split_as_before(dataset, options.data, {earlier->path, earlier->data}, communicator);
  report_overlap(dataset, split, communicator);
  warn_of_times(dataset, communicator);
  std::vector<float> weights;
  if (!options.data.weight_column.empty())
    weights = read_weights(options.data.weight_column, dataset, split, communicator);

  TrainingData data;
  data.identity = {
      dataset.name,
      dataset.total,
      split.size(ingest::Part::train),
      split.size(ingest::Part::test),
      dataset.content_hash,
      split.size(ingest::Part::validation),
      split.borders,
      ingest::sample_training(dataset, split, earlier ? earlier->data.trained : ingest::TrainedSample(),
                              communicator)};
  std::vector<bool> is_train;
  is_train.reserve(split.parts.size());
  for (const ingest::Part part : split.parts) is_train.push_back(part == ingest::Part::train);
  features::FeaturisedColumns query = features::featurize_columns(
      specs.query, dataset.interactions, communicator,
      {earlier ? &earlier->features.query : nullptr, options.freeze_vocabulary}, &is_train);
  data.query_features = std::move(query.features);
  ingest::UserNumbers users;
  if (needs_users(options)) users = number_users(dataset.interactions, communicator);
  data.users = users.users;
  if (options.checkpoint.store_history) data.user_ids = std::move(users.ids);
  dataset.interactions = {};  // all that is needed of them is in the rows
  data.first_train_number = split.first(Part::train);
  mpi::agree(communicator, [&] {
    divide(split, std::move(query.rows), std::move(dataset.item_rows), weights, users.numbers, data);
  });
  gather_seen_items(options, data, communicator);
  if (!options.loss.mask_seen) base::give_back(data.train.users);
  features::FeaturisedColumns candidate = features::featurize_columns(
      specs.candidate, dataset.catalogue, communicator,
      {earlier ? &earlier->features.candidate : nullptr, options.freeze_vocabulary});
  data.candidate_features = std::move(candidate.features);
  data.catalogue = features::all_gather_rows(candidate.rows, communicator);
  const auto& columns = dataset.catalogue.strings;
  const bool has_titles = columns.contains("title");
  const auto block = [&](const ingest::TextColumn& texts) {
    return ingest::VocabularyBlock{dataset.catalogue_total, dataset.catalogue_first, texts.rows()};
  };
  data.item_labels = block(columns.at(has_titles ? "title" : "item_id"));
  data.item_ids = block(columns.at("item_id"));
  data.item_counts = ingest::count_items(data.train.items, dataset.catalogue_total, communicator);
  return data;
}

}  // namespace gemel::ingest
