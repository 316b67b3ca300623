#pragma once

#include "exchange/placement.hpp"
#include "plan/plan.hpp"

namespace gemel::plan {

/// Bytes that a rank sends in a step of least squares, a half of a sweep, on average over both halves.
struct HalfSweepBytes {
  double lookup = 0;  ///< factors of sharded tables that are fetched
  double rows = 0;    ///< solved factors, to where they are held
};

/// Of one of the two tables.
HalfSweepBytes half_sweep_bytes(const TableShape& table, exchange::Placement placement, const JobShape& job);

/// Bytes of sums over all factors that a rank sends in such a step.
double gram_bytes(const JobShape& job);

/// Bytes that a rank needs to solve, beside the tables: interactions by user and by item while they are sorted, and the factors that
/// it works on.
double solver_memory(const JobShape& job);

}  // namespace gemel::plan
