#include "exchange/row_reduce.hpp"

#include <utility>

#include "exchange/tag.hpp"

namespace gemel::exchange {
namespace {

/// Of the tables from `first` to before `last`.
std::vector<ReplicatedRowReduce::Table> replicated(std::span<const RowTable> tables, std::size_t first,
                                                   std::size_t last) {
  std::vector<ReplicatedRowReduce::Table> result;
  for (std::size_t table = first; table < last; ++table) {
    if (!tables[table].is_sharded()) result.push_back({table, tables[table].dim});
  }
  return result;
}

}  // namespace

RowReduce::RowReduce(const LaneLayout& layout, mpi::Communicator& communicator, std::vector<RowTable> tables,
                     std::size_t query_tables)
    : layout_(layout),
      tables_(std::move(tables)),
      sums_(tables_.size()),
      merges_(layout.ranks == 1 ? layout.local_merges : layout.global_merges),
      query_tables_(layout, communicator, tag::query_row_reduce, replicated(tables_, 0, query_tables)),
      candidate_tables_(layout, communicator, tag::candidate_row_reduce,
                        replicated(tables_, query_tables, tables_.size())),
      sharded_tables_(layout, communicator) {}

void RowReduce::start_queries(std::span<const std::vector<RowGradient>> lanes) {
  query_tables_.start(lanes, sums_);
}

void RowReduce::start_candidates(std::span<const std::vector<RowGradient>> lanes, const RowRequest& request) {
  request_ = &request;
  candidate_tables_.start(lanes, sums_);
  sharded_tables_.start(request, lanes, sums_);
}

void RowReduce::finish() {
  query_tables_.finish(sums_);
  candidate_tables_.finish(sums_);
  sharded_tables_.finish(*request_, sums_);
}

}  // namespace gemel::exchange
