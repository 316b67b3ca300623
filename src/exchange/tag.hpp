#pragma once

/// The tags of what travels in a step (mpi::Pending): one for each exchange that may be under way while another is, so that no message
/// is taken for one of another exchange, in whatever order a rank begins and finishes them. 0 is left to transfers that are
/// waited for at once.
namespace gemel::exchange::tag {

enum Tag : int {
  candidate_gather = 1,
  row_request,
  row_fetch,
  candidate_share,
  candidate_reduce,
  query_row_reduce,
  candidate_row_reduce,
  sharded_row_reduce,
  dense_reduce,
  dense_gather,
  count,  ///< of tags, 0 among them
};

}  // namespace gemel::exchange::tag
