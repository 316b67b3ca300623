#pragma once

#include <cstdint>
#include <vector>

#include "gemel/metrics.hpp"

namespace gemel::evaluation {

/// The probability that the true candidate of an example is among the first k, when `higher` candidates score higher and it and
/// `equal` others, which score the same, come in random order: min(1, max(0, k - higher) / (equal + 1)).
double expected_hit(std::int64_t k, std::int64_t higher, std::int64_t equal);

/// recall, ndcg, hit_rate or mrr of one user, of whose `relevant` (>= 1) items some are in his list: at `places`, ascending, 1 the
/// first.
double user_metric(const Metric& metric, const std::vector<std::int64_t>& places, std::int64_t relevant);

}  // namespace gemel::evaluation
