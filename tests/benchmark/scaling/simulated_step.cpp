#include "simulated_step.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace gemel::scaling {
namespace {

using base::require;
using metering::Traffic;

constexpr double flops_per_exp = 20;     // oneDNN's exp takes as long as 20 additions or multiplications
constexpr double flops_per_update = 10;  // of one parameter, in the optimizer
constexpr double bytes_per_example =
    20;  // that every rank sets, reads and counts to find distinct candidates

/// Whole numbers, so that sums are exact: what lane `lane` has of element `index`, and what all lanes have together.
float addend(int lane, std::size_t index) {
  return static_cast<float>((lane + 1) * static_cast<int>(1 + index % 7));
}
float sum_of_addends(int lanes, std::size_t index) {
  return static_cast<float>(lanes * (lanes + 1) / 2 * static_cast<int>(1 + index % 7));
}

std::vector<exchange::ShardedTable> sharded_tables(const plan::Plan& placements) {
  std::vector<exchange::ShardedTable> sharded;
  for (std::size_t table = 0; table < table_count; ++table) {
    const plan::Plan::Table& planned = placements.tables[table];
    if (planned.placement == exchange::Placement::sharded)
      sharded.push_back({table, {planned.shape.rows, placements.ranks}, planned.shape.dim});
  }
  return sharded;
}

/// Of the tables from `first` to before `last`.
std::vector<exchange::RowExchange::Table> replicated_tables(const plan::Plan& placements, std::size_t first,
                                                            std::size_t last) {
  std::vector<exchange::RowExchange::Table> replicated;
  for (std::size_t table = first; table < last; ++table) {
    const plan::Plan::Table& planned = placements.tables[table];
    if (planned.placement == exchange::Placement::replicated)
      replicated.push_back({table, planned.shape.dim});
  }
  return replicated;
}

}  // namespace

SimulatedStep::SimulatedStep(const Workload& workload, const plan::Plan& placements,
                             const exchange::LaneLayout& layout, mpi::Communicator& communicator, Node& node)
    : workload_(workload),
      layout_(layout),
      communicator_(communicator),
      node_(node),
      query_parameters_(static_cast<double>(dense_parameters(query_width, workload.job().layers))),
      candidate_parameters_(static_cast<double>(dense_parameters(candidate_width, workload.job().layers))),
      sharded_(sharded_tables(placements)),
      batches_{Batch{{layout, communicator, static_cast<std::size_t>(workload.job().items)},
                     {communicator, sharded_, layout.subtree_counts},
                     0,
                     {}},
               Batch{{layout, communicator, static_cast<std::size_t>(workload.job().items)},
                     {communicator, sharded_, layout.subtree_counts},
                     0,
                     {}}},
      fetch_(communicator),
      candidates_(layout, communicator, workload.job().layers.back()),
      dense_exchange_(layout, communicator, all_dense_parameters(workload.job().layers)),
      query_row_exchange_(layout, communicator, replicated_tables(placements, 0, query_table_count)),
      candidate_row_exchange_(layout, communicator,
                              replicated_tables(placements, query_table_count, table_count)),
      sharded_row_exchange_(layout, communicator),
      dense_gradients_(1, all_dense_parameters(workload.job().layers)),
      row_gradients_(1) {
  row_gradients_[0].resize(table_count);
  // The value of a row is its number, so that whoever fetches it knows it.
  for (const exchange::ShardedTable& table : sharded_) {
    const exchange::RowRange block = table.blocks.block(communicator.rank());
    tensor::Matrix& rows = held_.emplace_back(static_cast<std::size_t>(block.size()), table.dim);
    for (std::size_t row = 0; row < rows.rows(); ++row)
      std::ranges::fill(rows.row(row), static_cast<float>(block.first + static_cast<std::int64_t>(row)));
  }
  for (const tensor::Matrix& rows : held_) held_rows_.push_back(rows.view());
}

/// The same calls as step::TrainingStep::run.
void SimulatedStep::run(std::int64_t batch) {
  require(batch_->number == batch, "scaling: another batch was prepared");
  start_next(batch + 1);
  forward_candidates();
  start_share();
  forward_queries();
  finish_share();
  compute_loss();
  start_reduce();
  backward_queries();
  start_query_row_exchange();
  finish_next();
  finish_reduce();
  backward_candidates();
  start_candidate_row_exchange();
  start_dense_exchange();
  finish_row_exchange();
  node_.exchange(Traffic::dense, [&] { dense_exchange_.advance(); });
  update_rows();
  start_fetch(*next_);
  update_dense();
  finish_fetch(*next_);
  std::swap(batch_, next_);
}

void SimulatedStep::gather_first(std::int64_t batch) {
  start_gather(*batch_, batch);
  finish_gather(*batch_);
  start_request(*batch_);
  start_fetch(*batch_);
  finish_fetch(*batch_);
}

void SimulatedStep::start_next(std::int64_t batch) {
  start_gather(*next_, batch);
}

void SimulatedStep::finish_next() {
  finish_gather(*next_);
  start_request(*next_);
}

void SimulatedStep::start_gather(Batch& batch, std::int64_t number) {
  batch.number = number;
  const std::uint32_t last_rank = layout_.rank + 1 == layout_.ranks ? 1 : 0;
  node_.exchange(Traffic::gather, [&] {
    batch.gather.start(workload_.items(number, layout_.rank), workload_.job().batch_size, last_rank);
  });
}

void SimulatedStep::finish_gather(Batch& batch) {
  node_.exchange(Traffic::gather, [&] { require(batch.gather.finish() == 1, "scaling: wrong flags came"); });
  node_.touch(bytes_per_example * static_cast<double>(workload_.job().batch_size));
  const exchange::DistinctCandidates& candidates = batch.gather.candidates();
  for (const std::int32_t item : workload_.items(batch.number, layout_.rank))
    require(candidates.rows()[candidates.column_of(item)] == item, "scaling: an item was lost");
  batch.slice = exchange::slice_of_lane(candidates.columns(), layout_.ranks, layout_.rank);
}

void SimulatedStep::start_request(Batch& batch) {
  for (std::size_t table = 0; table < sharded_.size(); ++table)
    batch.request.wanted(0, table) = rows_of(batch, sharded_[table].index);
  node_.exchange(Traffic::lookup, [&] { batch.request.start(); });
}

void SimulatedStep::start_fetch(Batch& batch) {
  node_.exchange(Traffic::lookup, [&] {
    batch.request.finish();
    fetch_.start(batch.request, held_rows_);
  });
}

void SimulatedStep::finish_fetch(const Batch& batch) {
  node_.exchange(Traffic::lookup, [&] { fetch_.finish(); });
  for (std::size_t table = 0; table < sharded_.size(); ++table) {
    const exchange::ReachableRows rows = fetch_.rows(batch.request, 0, table);
    for (const std::int64_t row : batch.request.wanted(0, table))
      require(rows[row].back() == static_cast<float>(row), "scaling: a wrong row was fetched");
  }
}

void SimulatedStep::forward_candidates() {
  candidates_.begin(batch_->gather.candidates().columns());
  for (std::size_t column = batch_->slice.first; column < batch_->slice.last; ++column)
    std::ranges::fill(candidates_.vectors().row(column), static_cast<float>(column));
  node_.work(2 * static_cast<double>(batch_->slice.size()) * candidate_parameters_);
}

void SimulatedStep::start_share() {
  node_.exchange(Traffic::share, [&] { candidates_.start_share(); });
}

void SimulatedStep::forward_queries() {
  node_.work(2 * examples() * query_parameters_);
}

void SimulatedStep::finish_share() {
  node_.exchange(Traffic::share, [&] { candidates_.finish_share(); });
  const tensor::MatrixView vectors = candidates_.vectors();
  for (std::size_t column = 0; column < vectors.rows(); ++column)
    require(vectors.row(column).back() == static_cast<float>(column), "scaling: a wrong vector came");
}

void SimulatedStep::compute_loss() {
  const std::size_t width = candidates_.vectors().cols();
  const std::span<float> gradients = candidates_.gradients().row(0);
  for (std::size_t i = 0; i < gradients.size(); ++i) gradients[i] = addend(layout_.rank, i / width);
  node_.work(examples() * columns() * (6 * static_cast<double>(width) + flops_per_exp));
}

void SimulatedStep::start_reduce() {
  node_.touch(2 * static_cast<double>(candidates_.gradients().cols() * sizeof(float)));  // packs them
  node_.exchange(Traffic::reduce, [&] { candidates_.start_reduce(); });
}

void SimulatedStep::backward_queries() {
  node_.work(4 * examples() * query_parameters_);
}

void SimulatedStep::finish_reduce() {
  tensor::MatrixView sum = candidates_.vectors();
  node_.exchange(Traffic::reduce, [&] { sum = candidates_.finish_reduce(); });
  node_.touch(static_cast<double>(candidates_.gradients().cols() * sizeof(float)));  // adds what came
  for (std::size_t column = 0; column < sum.rows(); ++column)
    require(sum.row(column).back() == sum_of_addends(layout_.ranks, batch_->slice.first + column),
            "scaling: a wrong sum of candidate gradients came");
}

void SimulatedStep::backward_candidates() {
  node_.work(4 * static_cast<double>(batch_->slice.size()) * candidate_parameters_);
}

void SimulatedStep::make_row_gradients(std::size_t first, std::size_t last) {
  for (std::size_t table = first; table < last; ++table) {
    exchange::RowGradient& gradient = row_gradients_[0][table];
    gradient.rows = rows_of(*batch_, table);
    gradient.values.resize(gradient.rows.size(), embedding_dim);
    std::ranges::fill(gradient.values.view().flat(), 1.0F);
  }
}

void SimulatedStep::start_query_row_exchange() {
  make_row_gradients(0, query_table_count);
  node_.exchange(Traffic::rows, [&] { query_row_exchange_.start(row_gradients_); });
}

void SimulatedStep::start_candidate_row_exchange() {
  make_row_gradients(query_table_count, table_count);
  node_.exchange(Traffic::rows, [&] {
    candidate_row_exchange_.start(row_gradients_);
    sharded_row_exchange_.start(batch_->request, row_gradients_);
  });
}

void SimulatedStep::start_dense_exchange() {
  for (std::size_t i = 0; i < dense_gradients_.cols(); ++i) dense_gradients_(0, i) = addend(layout_.rank, i);
  node_.exchange(Traffic::dense, [&] { dense_exchange_.start(dense_gradients_.view()); });
}

void SimulatedStep::finish_row_exchange() {
  node_.exchange(Traffic::rows, [&] {
    query_row_exchange_.finish();
    candidate_row_exchange_.finish();
    sharded_row_exchange_.finish();
  });
}

void SimulatedStep::update_rows() {
  std::size_t floats = 0;
  touched_ = {};
  const auto count = [&](std::size_t table) {
    return [this, table, &floats](std::int64_t, std::span<const float> gradient) {
      touched_[table] += static_cast<std::int64_t>(gradient[0]);
      floats += gradient.size();
    };
  };
  for (exchange::RowExchange* exchange : {&query_row_exchange_, &candidate_row_exchange_}) {
    for (std::size_t table = 0; table < exchange->tables(); ++table)
      exchange->for_each_row(table, count(exchange->table(table).index));
  }
  for (std::size_t table = 0; table < sharded_.size(); ++table)
    sharded_row_exchange_.for_each_row(table, count(sharded_[table].index));
  node_.compute(flops_per_update * static_cast<double>(floats));
}

void SimulatedStep::update_dense() {
  std::span<const float> sum;
  node_.exchange(Traffic::dense, [&] { sum = dense_exchange_.finish(); });
  for (std::size_t i = 0; i < sum.size(); ++i)
    require(sum[i] == sum_of_addends(layout_.ranks, i), "scaling: a wrong sum of dense gradients came");
  node_.compute(flops_per_update * static_cast<double>(sum.size()));
}

void SimulatedStep::check_gradients() const {
  // Every lane gave a 1 for each row that it touched.
  for (std::size_t table = 0; table < table_count; ++table) {
    const auto given = communicator_.sum(static_cast<std::int64_t>(row_gradients_[0][table].rows.size()));
    const bool is_sharded =
        std::ranges::find(sharded_, table, &exchange::ShardedTable::index) != sharded_.end();
    const std::int64_t came = is_sharded ? communicator_.sum(touched_[table]) : touched_[table];
    require(given == came, "scaling: gradients of rows were lost");
  }
}

std::vector<std::int64_t> SimulatedStep::rows_of(const Batch& batch, std::size_t table) const {
  return workload_.touched_rows(
      table, batch.number, layout_.rank,
      batch.gather.candidates().rows().subspan(batch.slice.first, batch.slice.size()));
}

double SimulatedStep::examples() const {
  return static_cast<double>(workload_.job().batch_size) / layout_.ranks;
}

}  // namespace gemel::scaling
