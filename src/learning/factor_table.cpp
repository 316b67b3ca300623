#include "learning/factor_table.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/even_cuts.hpp"
#include "learning/row_systems.hpp"
#include "mpi/pending.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::learning {
namespace {

/// One part for each rank: all that it wants.
std::vector<std::size_t> one_part_each(const mpi::Communicator& communicator) {
  return std::vector<std::size_t>(static_cast<std::size_t>(communicator.size()), 1);
}

std::vector<std::size_t> block_sizes(std::span<const std::int64_t> blocks, std::size_t dim) {
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i + 1 < blocks.size(); ++i)
    sizes.push_back(static_cast<std::size_t>(blocks[i + 1] - blocks[i]) * dim);
  return sizes;
}

/// Rows that two ranges have in common; none is an empty range.
std::int64_t overlap(exchange::RowRange a, exchange::RowRange b) {
  return std::max<std::int64_t>(0, std::min(a.last, b.last) - std::max(a.first, b.first));
}

}  // namespace

FactorTable::FactorTable(const Workers& workers, model::EmbeddingTable& table, std::int64_t special_rows)
    : workers_(workers),
      table_(table),
      special_rows_(special_rows),
      request_(workers.communicator, {{table.blocks(), table.dim()}}, one_part_each(workers.communicator)),
      fetch_(workers.communicator),
      lanes_(static_cast<std::size_t>(workers.layout.lanes.size()), table.dim() * (table.dim() + 1)),
      exchange_(workers.layout, workers.communicator, table.dim() * (table.dim() + 1)) {}

exchange::ReachableRows FactorTable::fetch_requested() {
  const tensor::ConstMatrixView held = std::as_const(table_).weights().view();
  fetch_.start(request_, std::span(&held, 1));
  fetch_.finish();
  return fetch_.rows(0).front();
}

exchange::RowRange FactorTable::rows_of_lane(int lane) const {
  const base::EvenCuts cuts(rows(), workers_.layout.tree.lanes());
  return {std::max(cuts.start(lane), special_rows_), std::max(cuts.start(lane + 1), special_rows_)};
}

FactorTable::Sums FactorTable::sums() {
  if (sums_.empty()) {
    add_lanes();
    const auto timing = workers_.timer.measure(metering::Phase::exchange);
    const auto counting = workers_.traffic.measure(metering::Traffic::dense);
    exchange_.start(lanes_.view());
    sums_ = exchange_.finish();
  }
  return {{sums_.data(), dim(), dim()}, sums_.last(dim())};
}

void FactorTable::add_lanes() {
  std::ranges::fill(lanes_.view().flat(), 0.0F);
  const exchange::LaneRange own = workers_.layout.lanes;
  if (!is_sharded()) {
    const auto timing = workers_.timer.measure(metering::Phase::reduce);
    const exchange::ReachableRows rows(std::as_const(table_).weights().view());
    workers_.team.for_each(own.size(),
                           [&](int lane, int) { add_lane(static_cast<std::size_t>(lane), rows); });
    return;
  }
  // Lane after lane, so that the rows of one are here at a time; every rank takes part as often as the one of most lanes.
  const int rounds = (workers_.layout.tree.lanes() + workers_.layout.ranks - 1) / workers_.layout.ranks;
  for (int lane = 0; lane < rounds; ++lane) {
    const exchange::ReachableRows rows = fetch([&](std::vector<std::int64_t>& wanted) {
      if (lane >= own.size()) return;
      const exchange::RowRange range = rows_of_lane(own.first + lane);
      wanted.resize(static_cast<std::size_t>(range.size()));
      std::iota(wanted.begin(), wanted.end(), range.first);
    });
    const auto timing = workers_.timer.measure(metering::Phase::reduce);
    if (lane < own.size()) add_lane(static_cast<std::size_t>(lane), rows);
  }
}

/// Adds the lane's rows, which must be within reach.
void FactorTable::add_lane(std::size_t lane, const exchange::ReachableRows& rows) {
  const exchange::RowRange range = rows_of_lane(workers_.layout.lanes.first + static_cast<int>(lane));
  if (range.size() == 0) return;
  const std::span<float> sums = lanes_.row(lane);
  const tensor::MatrixView gram(sums.data(), dim(), dim());
  const std::span<float> total = sums.last(dim());
  tensor::Matrix chunk;
  constexpr std::int64_t most = 4096;  // rows at a time
  for (std::int64_t first = range.first; first < range.last; first += most) {
    const std::int64_t count = std::min(most, range.last - first);
    chunk.resize(static_cast<std::size_t>(count), dim());
    for (std::int64_t row = 0; row < count; ++row)
      std::ranges::copy(rows[first + row], chunk.row(static_cast<std::size_t>(row)).begin());
    add_gram(chunk.view(), gram);
    for (std::size_t row = 0; row < chunk.rows(); ++row) tensor::add_into(total, chunk.row(row));
  }
}

void FactorTable::store(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks) {
  const auto timing = workers_.timer.measure(metering::Phase::exchange);
  const auto counting = workers_.traffic.measure(metering::Traffic::rows);
  sums_ = {};
  if (is_sharded()) {
    store_sharded(own, blocks);
  } else {
    store_replicated(own, blocks);
  }
}

void FactorTable::store_replicated(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks) {
  const std::vector<std::size_t> sizes = block_sizes(blocks, dim());
  mpi::Pending pending;
  workers_.communicator.start_all_gather(std::span<const float>(own.flat()), table_.weights().view().flat(),
                                         std::span<const std::size_t>(sizes), pending);
  pending.wait();
}

/// Blocks and the owners' rows are both contiguous and in rank order, so what goes from one to another is, too.
void FactorTable::store_sharded(tensor::ConstMatrixView own, std::span<const std::int64_t> blocks) {
  const auto block = [&](std::size_t rank) { return exchange::RowRange{blocks[rank], blocks[rank + 1]}; };
  const auto rank = static_cast<std::size_t>(workers_.communicator.rank());
  std::vector<std::size_t> sent;
  std::vector<std::size_t> received;
  for (int other = 0; other < workers_.communicator.size(); ++other) {
    sent.push_back(static_cast<std::size_t>(overlap(block(rank), table_.blocks().block(other))) * dim());
    received.push_back(
        static_cast<std::size_t>(overlap(table_.held(), block(static_cast<std::size_t>(other)))) * dim());
  }
  mpi::Pending pending;
  workers_.communicator.start_all_to_all(std::span<const float>(own.flat()),
                                         std::span<const std::size_t>(sent), table_.weights().view().flat(),
                                         std::span<const std::size_t>(received), pending);
  pending.wait();
}

float FactorTable::length(std::int64_t active) {
  const tensor::ConstMatrixView gram = sums().gram;
  double squares = 0;
  for (std::size_t i = 0; i < dim(); ++i) squares += static_cast<double>(gram(i, i));
  return static_cast<float>(std::sqrt(squares / static_cast<double>(std::max<std::int64_t>(active, 1))));
}

void FactorTable::set_special_rows(std::span<const float> values) {
  for (std::int64_t row = table_.held().first; row < std::min(special_rows_, table_.held().last); ++row)
    std::ranges::copy(values, table_.row(row).begin());
}

}  // namespace gemel::learning
