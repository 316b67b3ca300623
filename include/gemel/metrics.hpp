#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gemel/export.hpp"

namespace gemel {

/// What an evaluation measures. `accuracy` is a mean over test examples and goes by scores (the top-k categorical accuracy of
/// tfrs.metrics.FactorizedTopK, which counts ties as hits): an example counts expected_hit(). The others go by one list
/// for each user who has test examples, of the catalogue by descending score, then ascending row; all but coverage are means over
/// these users. A hit is an item of the list that is among the user's T distinct test items:
///
///   recall     hits among the first k / T
///   ndcg       DCG / ideal DCG, DCG = sum over hits at places p <= k of 1 / log2(p + 1); ideal: hits at places 1 .. min(k, T)
///   hit_rate   1 if there is a hit among the first k, else 0
///   mrr        1 / place of the first hit, 0 if it is not among the first k
///   coverage   items that are among the first k of any user / items of the catalogue
///
/// The query of a user is that of his first test example, in the order of the data.
enum class MetricKind { accuracy, recall, ndcg, hit_rate, mrr, coverage };

/// The items of a user that his rankings leave out. Those of the validation examples are left out at the test alone.
enum class SeenItems { none, train, train_and_validation };

/// The most lanes, and so the most ranks.
inline constexpr int most_lanes = 1024;

/// The kinds by the names that --metrics takes, in the order in which values are told.
GEMEL_API const std::vector<std::pair<std::string, MetricKind>>& metric_kinds();

/// Each with the name that --exclude-seen gives it.
GEMEL_API const std::vector<std::pair<std::string, SeenItems>>& seen_items_names();

struct GEMEL_API Metric {
  MetricKind kind = MetricKind::accuracy;
  std::int64_t k = 1;

  /// "top-100", "recall-20", "hit-rate-10".
  std::string name() const;
  /// The same for data sets and JSON: "top_100", "recall_20", "hit_rate_10".
  std::string key() const;
  bool is_of_users() const { return kind != MetricKind::accuracy; }
  bool operator==(const Metric&) const = default;
};

using MetricValues = std::vector<std::pair<Metric, double>>;

/// Every kind at every k of `top_k` (ascending), but mrr at the last one only; by kind, then by k.
GEMEL_API std::vector<Metric> make_metrics(const std::vector<MetricKind>& kinds,
                                           const std::vector<std::int64_t>& top_k);

/// The name of the loss among the values that can be monitored.
inline const std::string monitored_loss = "loss";

/// Where among `metrics` the one named `monitor` is. Throws UsageError, naming them all, where it is not.
GEMEL_API std::size_t find_monitored(const std::string& monitor, const std::vector<Metric>& metrics);

}  // namespace gemel
