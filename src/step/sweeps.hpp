#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "features/examples.hpp"
#include "features/feature_rows.hpp"
#include "gemel/options.hpp"
#include "learning/alternating_least_squares.hpp"
#include "learning/factor_table.hpp"
#include "model/two_tower.hpp"

namespace gemel::step {

/// The features that least squares solves for, and their tables: user_id:lookup of the queries and item_id:lookup of the candidates.
struct IdFeatures {
  std::size_t user = 0;  ///< index among the tower's features
  std::size_t item = 0;
  model::EmbeddingTable* users = nullptr;
  model::EmbeddingTable* items = nullptr;
};

/// What trains a model of ids alone by least squares: an epoch is a sweep of two steps, the users and the items.
class Sweeps {
 public:
  static constexpr std::int64_t steps_per_epoch = 2;

  /// The model, and what `workers` refers to, must outlive the object. Throws AgreedError (usage) for a model of anything else.
  Sweeps(const LeastSquaresOptions& options, const learning::Workers& workers, model::TwoTower& model);

  /// Gives the factors their first values, a function of the seed: for a run that does not go on with an earlier one.
  void start(std::uint64_t seed);
  /// Deals this rank's examples to the ranks that solve with them, before the first step. Does nothing when called again. Collective.
  void deal(const features::Examples& examples, const features::FeatureRows& catalogue);
  /// Runs step `half` of an epoch. The first lane of all ranks gets the loss; returns the bitwise or of all ranks' flags. Collective.
  std::uint32_t run(std::int64_t half, std::uint32_t flags, std::span<double> lane_losses);

 private:
  LeastSquaresOptions options_;
  learning::Workers workers_;
  model::TwoTower& model_;
  IdFeatures ids_;
  std::unique_ptr<learning::AlternatingLeastSquares> least_squares_;
};

/// Makes the embeddings of ids of `model` factors by least squares, scaled as `options` say; where an embedding is wider than
/// the other one, its last columns stay as they are. `on_sweep` is told how many sweeps are done. Throws AgreedError (usage) where the
/// model lacks such embeddings. Collective.
void start_warm(const WarmStartOptions& options, const LeastSquaresOptions& least_squares,
                const learning::Workers& workers, model::TwoTower& model, const features::Examples& examples,
                const features::FeatureRows& catalogue, std::uint64_t seed,
                const std::function<void(std::int64_t)>& on_sweep);

}  // namespace gemel::step
