#pragma once

#include <cstdint>

namespace gemel::step {

/// The order of a step on a global batch (src/README.md): what BatchPipeline, LanePasses and ModelUpdate do, and when. The simulation
/// of many nodes (tests/benchmark/scaling) has others in their place, with the same exchanges, that let time pass. While a batch is
/// trained the one after it is prepared, if there is one: with its items travels one word of flags. Returns the bitwise or of all
/// ranks' `flags`, or 0. Collective.
template <class Batches, class Passes, class Update>
std::uint32_t run_in_order(Batches& batches, Passes& passes, Update& update, std::uint32_t flags) {
  std::uint32_t all_flags = 0;
  if (batches.has_next()) batches.start_next(flags);
  passes.look_up();
  passes.forward_candidates();
  passes.start_share();
  passes.forward_queries();
  passes.finish_share();
  passes.compute_loss();
  passes.start_reduce();
  passes.backward_queries();
  update.start_query_row_reduce();
  if (batches.has_next()) all_flags = batches.finish_next();
  passes.backward_candidates(passes.finish_reduce());
  update.start_candidate_row_reduce();
  update.start_dense_exchange();
  update.finish_row_reduce();
  update.advance_dense_exchange();
  update.begin_update();
  update.update_rows();
  if (batches.has_next()) batches.start_next_fetch();
  update.update_dense();
  if (batches.has_next()) batches.finish_fetch();
  return all_flags;
}

}  // namespace gemel::step
