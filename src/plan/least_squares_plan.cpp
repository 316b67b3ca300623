#include "plan/least_squares_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "exchange/dense_exchange.hpp"
#include "learning/half_sweep.hpp"
#include "learning/interaction_lists.hpp"

namespace gemel::plan {
namespace {

constexpr double float_bytes = sizeof(float);
constexpr double row_number_bytes = sizeof(std::int64_t);

double pairs_of_rank(const JobShape& job) {
  return static_cast<double>(job.train_examples) / job.ranks;
}

std::size_t sum_size(const JobShape& job) {
  return job.factors * (job.factors + 1);
}

}  // namespace

HalfSweepBytes half_sweep_bytes(const TableShape& table, exchange::Placement placement, const JobShape& job) {
  const auto width = static_cast<double>(job.factors) * float_bytes;
  const auto rows = static_cast<double>(table.rows);
  const double others = static_cast<double>(job.ranks - 1) / job.ranks;  // of what is dealt evenly
  constexpr double halves = 2;  // in one of which the table is solved
  if (placement == exchange::Placement::replicated) return {0, rows * width * others / halves};
  // While it is given: the distinct rows of each round. While it is solved, nearly all of a rank's rows are its own.
  const double rounds = std::ceil(pairs_of_rank(job) / static_cast<double>(learning::HalfSweep::round_pairs));
  const double lookups = pairs_of_rank(job) / rounds;
  const double distinct = rounds * rows * -std::expm1(lookups * std::log1p(-1 / std::max(rows, 2.0)));
  return {distinct * (width + row_number_bytes) * others / halves, 0};
}

double gram_bytes(const JobShape& job) {
  return exchange::dense_exchange_bytes(job.lanes, job.ranks, job.subtrees, sum_size(job));
}

double solver_memory(const JobShape& job) {
  constexpr double sides = 2;
  const double pairs = pairs_of_rank(job) * learning::InteractionLists::most_bytes_a_pair;
  double rows = 0;
  for (const TableShape& table : job.tables) rows += static_cast<double>(table.rows) / job.ranks;
  const double row_bytes =
      static_cast<double>(job.factors) * float_bytes + learning::HalfSweep::bytes_beside_factors;
  const double lanes = static_cast<double>(job.lanes) / job.ranks + 2;  // its own, their sum and a message
  return pairs + rows * row_bytes + sides * lanes * static_cast<double>(sum_size(job)) * float_bytes;
}

}  // namespace gemel::plan
