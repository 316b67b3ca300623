#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "evaluation/metric.hpp"
#include "evaluation/popularity_order.hpp"
#include "evaluation/user_queries.hpp"
#include "features/examples.hpp"
#include "ingest/user_history.hpp"
#include "mpi/communicator.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {

/// What an evaluation asks, whoever ranks: for each of the examples the place of its item, for each of their users a list.
struct RankingTask {
  const features::Examples& own;  ///< of this rank; an item that is no row of the catalogue is never found
  std::size_t catalogue_size = 0;
  const std::vector<Metric>& metrics;         ///< accuracies first
  const ingest::UserHistory* seen = nullptr;  ///< what is left out of a user's rankings; null: nothing
  const UserQueries* users = nullptr;         ///< null where no metric is of users

  bool has(std::int32_t item) const { return static_cast<std::size_t>(item) < catalogue_size; }
};

/// How an item stands that is never found, whatever k is.
inline constexpr tensor::Standing never_found = {std::numeric_limits<std::int64_t>::max(), 0};

/// The metrics of a ranking by PopularityOrder, the same for everybody but for what he has seen. Not numbers when there are no examples.
/// The same for every number of ranks. Collective.
MetricValues popularity_metrics(const RankingTask& task, const PopularityOrder& order,
                                mpi::Communicator& communicator);

/// What the metrics of rankings in random order come to in the mean: nothing is drawn, these are closed forms. Of a list of N candidates
/// and a user's T test items, of which N has R, with m = min(k, N):
///
///   accuracy   m / N, N the true item and what it is compared with
///   recall     m / N * R / T
///   ndcg       R / N * sum over p <= m of 1 / log2(p + 1), divided by the same sum over p <= min(k, T)
///   hit_rate   1 - product over i < m of (N - R - i) / (N - i)
///   mrr        sum over p <= m of 1 / p * the probability that the first hit is at p
///   coverage   mean over the items of 1 - product over the users who are shown it at all of 1 - m / N
///
/// Not numbers when there are no examples. The same for every number of ranks. Collective.
MetricValues random_metrics(const RankingTask& task, mpi::Communicator& communicator);

/// A model's metrics beside these.
struct Baselines {
  MetricValues popularity;
  MetricValues random;
};

/// Warns when one of the model's metrics is below that of popularity: which ones. Coverage is none that has to be high.
void warn_of_losing(const MetricValues& model, const MetricValues& popularity);

}  // namespace gemel::evaluation
