#include "step/sweeps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "learning/interaction_lists.hpp"
#include "mpi/agreement.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::step {
namespace {

[[noreturn]] void throw_usage(const std::string& message) {
  throw mpi::AgreedError(base::ExitCode::usage, message);
}

/// The index of COLUMN:lookup among the tower's features; as many as there are where it is none of them.
std::size_t find_lookup(const model::Tower& tower, std::string_view column) {
  const auto& features = tower.features();
  const auto found = std::ranges::find_if(features, [&](const features::FittedFeature& feature) {
    return feature.spec.column == column && feature.spec.kind->is_id();
  });
  return static_cast<std::size_t>(found - features.begin());
}

/// Tables are in the order of the features that have one.
model::EmbeddingTable& table_of(model::Tower& tower, std::size_t feature) {
  std::size_t table = 0;
  for (std::size_t i = 0; i < feature; ++i) table += tower.features()[i].spec.has_table() ? 1 : 0;
  return tower.tables()[table];
}

std::string names_of(const model::Tower& tower) {
  std::string names;
  for (const features::FittedFeature& feature : tower.features())
    names += (names.empty() ? "" : ", ") + feature.spec.declaration();
  return names;
}

/// Throws AgreedError (usage) where the model lacks one of them; `option` needs them, for the message.
IdFeatures find_id_features(model::TwoTower& model, const std::string& option) {
  IdFeatures ids;
  ids.user = find_lookup(model.query(), "user_id");
  ids.item = find_lookup(model.candidate(), "item_id");
  const bool has_user = ids.user < model.query().features().size();
  if (!has_user || ids.item == model.candidate().features().size()) {
    throw_usage(fmt::format("{}: the features of {} are {}, without {}; add --{}-feature {}", option,
                            has_user ? "candidates" : "queries",
                            names_of(has_user ? model.candidate() : model.query()),
                            has_user ? "item_id:lookup" : "user_id:lookup", has_user ? "candidate" : "query",
                            has_user ? "item_id:lookup" : "user_id:lookup"));
  }
  ids.users = &table_of(model.query(), ids.user);
  ids.items = &table_of(model.candidate(), ids.item);
  return ids;
}

/// The training examples as pairs of rows of the two tables. `catalogue` has the features of every item.
learning::Interactions interactions_of(const features::Examples& examples,
                                       const features::FeatureRows& catalogue, const IdFeatures& ids) {
  learning::Interactions pairs;
  pairs.rows.reserve(examples.size());
  pairs.columns.reserve(examples.size());
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto item = static_cast<std::size_t>(examples.items[i]);
    pairs.rows.push_back(examples.features.words[i * examples.features.features + ids.user]);
    pairs.columns.push_back(catalogue.words[item * catalogue.features + ids.item]);
  }
  pairs.weights = examples.weights;
  return pairs;
}

IdFeatures require_ids_alone(model::TwoTower& model) {
  const IdFeatures ids = find_id_features(model, "--optimizer als");
  for (const model::Tower* tower : {&model.query(), &model.candidate()}) {
    if (tower->features().size() == 1) continue;
    throw_usage(fmt::format(
        "--optimizer als: it solves for the factors of users and items alone, and the {} features "
        "are {}; give --query-feature user_id:lookup and --candidate-feature item_id:lookup, or "
        "another optimiser with --warm-start als",
        tower->name(), names_of(*tower)));
  }
  return ids;
}

std::int64_t special_rows(const model::Tower& tower, std::size_t feature) {
  return tower.features()[feature].special_rows();
}

learning::AlternatingLeastSquares::Side side(model::Tower& tower, std::size_t feature) {
  return {table_of(tower, feature), special_rows(tower, feature)};
}

/// Of the values that least squares begins from: of standard deviation 1 / sqrt(dim), so that the vectors are about as long as the
/// factors will be. From near 0, where it would stay, it takes some sweeps more.
float first_range(std::size_t dim) {
  return std::sqrt(3.0F / static_cast<float>(dim));
}

void require_finite(double objective) {
  if (std::isfinite(objective)) return;
  throw mpi::AgreedError(
      base::ExitCode::diverged,
      "--warm-start als: the factors are no finite numbers; give a smaller --als-alpha, or a "
      "larger --als-regularization");
}

/// The first columns of `table` become `factor` times those of `factors`.
void copy_scaled(const model::EmbeddingTable& factors, float factor, model::EmbeddingTable& table) {
  for (std::int64_t row = table.held().first; row < table.held().last; ++row)
    tensor::scale(factors.row(row), factor, table.row(row).first(factors.dim()));
}

}  // namespace

Sweeps::Sweeps(const LeastSquaresOptions& options, const learning::Workers& workers, model::TwoTower& model)
    : options_(options), workers_(workers), model_(model), ids_(require_ids_alone(model)) {}

void Sweeps::start(std::uint64_t seed) {
  for (model::EmbeddingTable* table : model_.tables()) {
    model::initialize(table->weights().view(), first_range(table->dim()), seed, table->name(),
                      static_cast<std::size_t>(table->held().first) * table->dim());
  }
}

void Sweeps::deal(const features::Examples& examples, const features::FeatureRows& catalogue) {
  if (least_squares_) return;
  least_squares_ = std::make_unique<learning::AlternatingLeastSquares>(
      options_, workers_, side(model_.query(), ids_.user), side(model_.candidate(), ids_.item),
      interactions_of(examples, catalogue, ids_));
}

std::uint32_t Sweeps::run(std::int64_t half, std::uint32_t flags, std::span<double> lane_losses) {
  const double loss = half == 0 ? least_squares_->solve_users() : least_squares_->solve_items();
  if (workers_.communicator.is_root()) lane_losses[0] += loss;
  std::uint32_t all_flags = 0;
  for (const std::uint32_t of_rank : workers_.communicator.all_gather(flags)) all_flags |= of_rank;
  return all_flags;
}

void start_warm(const WarmStartOptions& options, const LeastSquaresOptions& least_squares,
                const learning::Workers& workers, model::TwoTower& model, const features::Examples& examples,
                const features::FeatureRows& catalogue, std::uint64_t seed,
                const std::function<void(std::int64_t)>& on_sweep) {
  const IdFeatures ids = find_id_features(model, "--warm-start als");
  const std::int64_t special_users = special_rows(model.query(), ids.user);
  const std::int64_t special_items = special_rows(model.candidate(), ids.item);
  model::TableShape shape;
  shape.dim = std::min(ids.users->dim(), ids.items->dim());
  shape.range = first_range(shape.dim);
  model::EmbeddingTable users(*ids.users, shape, seed);
  model::EmbeddingTable items(*ids.items, shape, seed);
  learning::AlternatingLeastSquares solver(least_squares, workers, {users, special_users},
                                           {items, special_items}, interactions_of(examples, catalogue, ids));
  for (std::int64_t sweep = 1; sweep <= options.sweeps; ++sweep) {
    solver.solve_users();
    require_finite(solver.solve_items());
    on_sweep(sweep);
  }
  const float user_length = solver.user_length();
  const float item_length = solver.item_length();
  if (!(user_length > 0 && item_length > 0)) {
    throw_usage(fmt::format("--als-regularization {}: it leaves all factors at 0; give a smaller one",
                            least_squares.regularization));
  }
  copy_scaled(users, options.length / user_length, *ids.users);
  copy_scaled(items, options.length / item_length, *ids.items);
}

}  // namespace gemel::step
