#include "serving/evaluation_data.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "features/featurizer.hpp"
#include "ingest/earlier_split.hpp"
#include "ingest/row_numbers.hpp"
#include "ingest/split.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "serving/catalogue_match.hpp"

namespace gemel::serving {
namespace {

using ingest::Part;

bool splits_alike(const DataOptions& one, const DataOptions& other) {
  return one.split == other.split && one.test_fraction == other.test_fraction &&
         one.validation_fraction == other.validation_fraction && one.folds == other.folds &&
         one.fold == other.fold && one.split_seed == other.split_seed;
}

/// Collective.
ingest::Split split_data(const ingest::Dataset& dataset, const DataOptions& options,
                         const DataOptions& trained_with, const ingest::EarlierModel& model,
                         mpi::Communicator& communicator) {
  if (splits_alike(options, trained_with))
    return ingest::split_as_before(dataset, options, model, communicator);
  ingest::Split split = ingest::split_interactions(dataset, options, communicator);
  ingest::check_trained(model, dataset, split, /*draws_test=*/false, communicator);
  return split;
}

EvaluatedPart settle(EvaluatedPart part, const ingest::Split& split) {
  if (part != EvaluatedPart::automatic) return part;
  if (split.size(Part::test) > 0) return EvaluatedPart::test;
  return split.size(Part::validation) > 0 ? EvaluatedPart::validation : EvaluatedPart::train;
}

bool is_of(Part part, EvaluatedPart evaluated) {
  switch (evaluated) {
    case EvaluatedPart::train:
      return part == Part::train;
    case EvaluatedPart::validation:
      return part == Part::validation;
    case EvaluatedPart::test:
      return part == Part::test;
    default:
      return true;
  }
}

/// Where this rank's interactions of each part begin among those of all ranks, if they are taken part by part.
std::array<std::int64_t, ingest::part_names.size()> places_of_parts(const ingest::Split& split) {
  std::array<std::int64_t, ingest::part_names.size()> places = split.firsts;
  std::int64_t before = 0;
  for (std::size_t part = 0; part < places.size(); ++part) {
    places[part] += before;
    before += split.sizes[part];
  }
  return places;
}

/// The feature whose unknown row a user has that the model does not know.
std::optional<std::size_t> find_user_feature(const std::vector<features::FittedFeature>& features) {
  for (std::size_t i = 0; i < features.size(); ++i)
    if (features[i].spec.kind->is_id() && features[i].spec.column == "user_id") return i;
  return std::nullopt;
}

/// Chooses the examples, and counts those with what the model does not know. Collective.
void choose(const ingest::Split& split, const features::FeatureRows& rows,
            const std::vector<std::int32_t>& items, const std::vector<std::int32_t>& users,
            const model::LoadedModel& model, EvaluationData& data, mpi::Communicator& communicator) {
  const auto user_feature = find_user_feature(model.towers().query().features());
  data.examples.features = rows.empty_like();
  auto next = places_of_parts(split);
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    const std::int64_t place = next[static_cast<std::size_t>(split.parts[own])]++;
    if (!is_of(split.parts[own], data.part)) continue;
    data.chosen.push_back(own);
    data.examples.features.append(rows, own);
    data.examples.items.push_back(items[own]);
    data.examples.users.push_back(users[own]);
    // Ranks have a block of each part then.
    if (data.dataset.comes_split) data.examples.places.push_back(place);
    data.with_unknown_item += items[own] >= model.catalogue().size() ? 1 : 0;
    const bool is_unknown =
        user_feature && rows.values(own, *user_feature).front() == ingest::VocabularyDirectory::unknown_row;
    data.with_unknown_user += is_unknown ? 1 : 0;
  }
  data.total = communicator.sum(std::ssize(data.examples.items));
  data.with_unknown_item = communicator.sum(data.with_unknown_item);
  data.with_unknown_user = communicator.sum(data.with_unknown_user);
}

/// What rankings leave out of the items of the model's catalogue, and how active users are in training. Collective.
void gather_history(const ingest::Split& split, const std::vector<std::int32_t>& items,
                    const ingest::UserNumbers& users, SeenItems seen, std::int64_t catalogue_size,
                    EvaluationData& data, mpi::Communicator& communicator) {
  data.user_counts.assign(static_cast<std::size_t>(users.users), 0);
  const bool with_validation = seen == SeenItems::train_and_validation && data.part == EvaluatedPart::test;
  std::vector<std::int32_t> seen_by;
  std::vector<std::int32_t> seen_items;
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    const Part part = split.parts[own];
    if (part == Part::train) ++data.user_counts[static_cast<std::size_t>(users.numbers[own])];
    if (part != Part::train && !(with_validation && part == Part::validation)) continue;
    if (items[own] >= catalogue_size) continue;
    seen_by.push_back(users.numbers[own]);
    seen_items.push_back(items[own]);
  }
  communicator.sum(std::span(data.user_counts));
  if (seen != SeenItems::none) data.seen.emplace(users.users, seen_by, seen_items, communicator);
}

/// Throws AgreedError.
void require_examples(const EvaluationData& data, const model::LoadedModel& model, EvaluatedPart wanted) {
  const std::string name = name_of(data.part);
  if (data.total == 0) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("--part {}: {} has no such examples; name another part{}", name, data.dataset.name,
                    wanted == EvaluatedPart::automatic ? ", or other data" : ""));
  }
  if (data.with_unknown_item == data.total) {
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format(
            "{}: a checkpoint of another catalogue: none of the {} {} examples of {} has an item that is "
            "among its {} items, such as {}. Name the data that it was trained on, or such with the same "
            "item ids",
            model.path().string(), data.total, name, data.dataset.name, model.catalogue().size(),
            model.catalogue().ids.strings.empty() ? "" : model.catalogue().ids.strings[0]));
  }
}

}  // namespace

std::vector<std::pair<std::string, EvaluatedPart>> evaluated_part_names() {
  using enum EvaluatedPart;
  return {{"auto", automatic}, {"train", train}, {"validation", validation}, {"test", test}, {"all", all}};
}

std::string name_of(EvaluatedPart part) {
  const auto names = evaluated_part_names();
  return std::ranges::find(names, part, &std::pair<std::string, EvaluatedPart>::second)->first;
}

EvaluationData read_evaluation_data(const model::LoadedModel& model, const ingest::DataIdentity& trained_on,
                                    const TrainingOptions& trained_with, TrainingOptions options,
                                    EvaluatedPart part, const ingest::WantedColumns& columns,
                                    mpi::Communicator& communicator) {
  const std::vector<features::FittedFeature>& fitted = model.towers().query().features();
  std::vector<features::FeatureSpec> specs;
  for (const features::FittedFeature& feature : fitted) specs.push_back(feature.spec);
  ingest::WantedColumns wanted = columns;
  for (const features::FeatureSpec& spec : specs) wanted.names.push_back(spec.column);
  EvaluationData data;
  data.dataset = ingest::read_data(options, communicator, wanted);
  ingest::require_numbers(data.dataset.item_rows.size(), "interactions", communicator);
  const ingest::EarlierModel trained = {model.path().string(), trained_on,
                                        "evaluate other data, or name another --split"};
  const ingest::Split split =
      split_data(data.dataset, options.data, trained_with.data, trained, communicator);
  data.part = settle(part, split);
  const features::FeatureRows rows =
      features::featurize_columns(specs, data.dataset.interactions, communicator, {&fitted, true}).rows;
  const ingest::UserNumbers users = ingest::number_users(data.dataset.interactions, communicator);
  ingest::Dataset& dataset = data.dataset;
  const std::vector<std::int32_t> matched = match_items(model.catalogue().ids, dataset, communicator);
  std::vector<std::int32_t> items;
  for (const std::int32_t item : dataset.item_rows) items.push_back(matched[static_cast<std::size_t>(item)]);

  choose(split, rows, items, users.numbers, model, data, communicator);
  require_examples(data, model, part);
  gather_history(split, items, users, options.exclude_seen, model.catalogue().size(), data, communicator);
  return data;
}

}  // namespace gemel::serving
