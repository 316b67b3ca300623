#include "learning/half_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "exchange/exact_sum.hpp"

namespace gemel::learning {
namespace {

// Of factors that a batch works on, so that they stay near.
constexpr std::size_t cache_bytes = std::size_t{1} << 19;
constexpr std::size_t most_batch_rows = 8 * RowSystems::row_multiple;

/// What a row without interactions costs beside them: products with the shared matrix, d^2 against 2 d for an interaction.
double base_cost(std::size_t dim) {
  return static_cast<double>(dim) / 2;
}

}  // namespace

HalfSweep::HalfSweep(const LeastSquaresOptions& options, const Workers& workers, FactorTable& solved,
                     FactorTable& given, const Interactions& own)
    : options_(options),
      workers_(workers),
      solved_(solved),
      given_(given),
      blocks_(balanced_blocks(own, solved.rows(), base_cost(solved.dim()), workers.communicator)),
      lists_(own, blocks_, workers.communicator),
      factors_(static_cast<std::size_t>(lists_.rows().size()), solved.dim()),
      outcomes_(factors_.rows()),
      scratch_(static_cast<std::size_t>(workers.team.threads())) {
  find_regularizations();
  find_batches();
}

/// Of an interaction of this weight.
double HalfSweep::confidence(float weight) const {
  return static_cast<double>(options_.alpha) * static_cast<double>(weight);
}

/// By the activity of each row, the weight of its interactions, in proportion to that of the mean row that has any.
void HalfSweep::find_regularizations() {
  std::vector<double> activities;
  std::int64_t active = 0;
  for (std::int64_t row = lists_.rows().first; row < lists_.rows().last; ++row) {
    activities.push_back(0);
    for (const float weight : lists_.weights(row)) activities.back() += static_cast<double>(weight);
    active += lists_.columns(row).empty() ? 0 : 1;
  }
  active_rows_ = workers_.communicator.sum(active);
  const double mean = exchange::exact_sum(activities, workers_.communicator) /
                      static_cast<double>(std::max<std::int64_t>(active_rows_, 1));
  const auto power = static_cast<double>(options_.activity_power);
  for (const double activity : activities) {
    const double share = activity > 0 ? activity / mean : 1;
    regularizations_.push_back(
        static_cast<float>(static_cast<double>(options_.regularization) * std::pow(share, power)));
  }
}

/// Cuts the own rows into batches, and these into the rounds for which factors are fetched: one where there is nothing to fetch.
void HalfSweep::find_batches() {
  const bool fetches = solved_.is_sharded() || given_.is_sharded();
  std::size_t pairs = 0;  // of the round
  rounds_.emplace_back();
  for (std::int64_t first = lists_.rows().first; first < lists_.rows().last;) {
    std::size_t own = 0;
    std::int64_t last = first;
    while (last < lists_.rows().last && static_cast<std::size_t>(last - first) < most_batch_rows) {
      const bool is_full = own * solved_.dim() * sizeof(float) >= cache_bytes;
      if (is_full && (last - first) % static_cast<std::int64_t>(RowSystems::row_multiple) == 0) break;
      own += lists_.columns(last++).size();
    }
    if (fetches && pairs + own > round_pairs && !rounds_.back().empty()) {
      rounds_.emplace_back();
      pairs = 0;
    }
    rounds_.back().push_back({first, last});
    pairs += own;
    first = last;
  }
  rounds_.resize(
      static_cast<std::size_t>(workers_.communicator.max(static_cast<std::int64_t>(rounds_.size()))));
}

HalfSweep::Outcome HalfSweep::run() {
  const RowSystems systems(given_.sums().gram, options_.solver_steps);
  for (std::size_t round = 0; round < rounds_.size(); ++round) solve_round(round, systems);
  solved_.store(factors_.view(), blocks_);
  const FactorTable::Sums sums = solved_.sums();
  std::vector<float> mean(sums.vectors.begin(), sums.vectors.end());
  for (float& value : mean) value /= static_cast<float>(std::max<std::int64_t>(active_rows_, 1));
  solved_.set_special_rows(mean);
  return sum_outcomes();
}

/// Collective where tables are sharded.
void HalfSweep::solve_round(std::size_t round, const RowSystems& systems) {
  const std::vector<Batch>& batches = rounds_[round];
  const exchange::RowRange range =
      batches.empty() ? exchange::RowRange{} : exchange::RowRange{batches.front().first, batches.back().last};
  fetch_last_values(range);
  const exchange::ReachableRows given = fetch_given(range);
  const auto timing = workers_.timer.measure(metering::Phase::update);
  workers_.team.for_each(static_cast<int>(batches.size()), [&](int batch, int thread) {
    solve_batch(batches[static_cast<std::size_t>(batch)], given, systems,
                scratch_[static_cast<std::size_t>(thread)]);
  });
}

/// From which conjugate gradients go on.
void HalfSweep::fetch_last_values(const exchange::RowRange& range) {
  const exchange::ReachableRows rows = solved_.fetch([&](std::vector<std::int64_t>& wanted) {
    wanted.resize(static_cast<std::size_t>(range.size()));
    std::iota(wanted.begin(), wanted.end(), range.first);
  });
  for (std::int64_t row = range.first; row < range.last; ++row)
    std::ranges::copy(rows[row], factors_.row(place(row)).begin());
}

exchange::ReachableRows HalfSweep::fetch_given(const exchange::RowRange& range) {
  return given_.fetch([&](std::vector<std::int64_t>& wanted) {
    for (std::int64_t row = range.first; row < range.last; ++row)
      wanted.insert(wanted.end(), lists_.columns(row).begin(), lists_.columns(row).end());
  });
}

void HalfSweep::solve_batch(const Batch& batch, const exchange::ReachableRows& given,
                            const RowSystems& systems, Scratch& scratch) {
  scratch.vectors.clear();
  scratch.confidences.clear();
  for (std::int64_t row = batch.first; row < batch.last; ++row) {
    for (const std::uint32_t column : lists_.columns(row)) scratch.vectors.push_back(given[column].data());
    for (const float weight : lists_.weights(row))
      scratch.confidences.push_back(static_cast<float>(confidence(weight)));
  }
  scratch.rows.clear();
  std::size_t start = 0;
  for (std::int64_t row = batch.first; row < batch.last; ++row) {
    const std::size_t count = lists_.columns(row).size();
    if (count == 0) std::ranges::fill(factors_.row(place(row)), 0.0F);
    scratch.rows.push_back({{std::span(scratch.vectors).subspan(start, count),
                             std::span<const float>(scratch.confidences).subspan(start, count)},
                            regularizations_[place(row)]});
    start += count;
  }
  const std::size_t first = place(batch.first);
  systems.solve(scratch.rows, factors_.view().middle_rows(first, scratch.rows.size()),
                std::span(outcomes_).subspan(first, scratch.rows.size()), scratch.systems);
}

HalfSweep::Outcome HalfSweep::sum_outcomes() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> objectives;
  std::vector<double> penalties;
  for (std::size_t i = 0; i < outcomes_.size(); ++i) {
    const double objective = outcomes_[i].objective;
    const double penalty = static_cast<double>(regularizations_[i]) * outcomes_[i].squared_length;
    const bool is_finite = std::isfinite(objective) && std::isfinite(penalty);
    objectives.push_back(is_finite ? std::max(objective, 0.0) : infinity);  // rounding may take it below 0
    penalties.push_back(is_finite ? penalty : infinity);
  }
  return {exchange::exact_sum(objectives, workers_.communicator),
          exchange::exact_sum(penalties, workers_.communicator)};
}

}  // namespace gemel::learning
