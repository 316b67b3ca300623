#pragma once

#include <cstdint>

namespace gemel::step {

/// The order of a step on a global batch (src/README.md). TrainingStep computes the phases; the simulation of many nodes
/// (tests/benchmark/scaling) has others of the same names, with the same exchanges, that let time pass. While a batch is trained the
/// one after it is prepared, if `has_next`: with its items travels one word of flags. Returns the bitwise or of all ranks' `flags`,
/// or 0. Collective.
template <class Step>
std::uint32_t run_in_order(Step& step, bool has_next, std::uint32_t flags) {
  std::uint32_t all_flags = 0;
  if (has_next) step.start_next(flags);
  step.look_up();
  step.forward_candidates();
  step.start_share();
  step.forward_queries();
  step.finish_share();
  step.compute_loss();
  step.start_reduce();
  step.backward_queries();
  step.start_query_row_reduce();
  if (has_next) all_flags = step.finish_next();
  step.backward_candidates(step.finish_reduce());
  step.start_candidate_row_reduce();
  step.start_dense_exchange();
  step.finish_row_reduce();
  step.advance_dense_exchange();
  step.begin_update();
  step.update_rows();
  if (has_next) step.start_next_fetch();
  step.update_dense();
  if (has_next) step.finish_fetch();
  return all_flags;
}

}  // namespace gemel::step
