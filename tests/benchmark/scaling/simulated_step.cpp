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

std::vector<exchange::RowTable> row_tables(const plan::Plan& placements) {
  std::vector<exchange::RowTable> tables;
  for (const plan::Plan::Table& planned : placements.tables) {
    const bool is_sharded = planned.placement == exchange::Placement::sharded;
    tables.push_back({{planned.shape.rows, is_sharded ? placements.ranks : 1}, planned.shape.dim});
  }
  return tables;
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
      tables_(row_tables(placements)),
      batches_{Batch{{layout, communicator, static_cast<std::size_t>(workload.job().items)},
                     {communicator, tables_, layout.subtree_counts},
                     0,
                     {}},
               Batch{{layout, communicator, static_cast<std::size_t>(workload.job().items)},
                     {communicator, tables_, layout.subtree_counts},
                     0,
                     {}}},
      fetch_(communicator),
      candidates_(layout, communicator, workload.job().layers.back()),
      dense_exchange_(layout, communicator, all_dense_parameters(workload.job().layers)),
      row_reduce_(layout, communicator, tables_, query_table_count),
      dense_gradients_(1, all_dense_parameters(workload.job().layers)),
      row_gradients_(1) {
  row_gradients_[0].resize(table_count);
  // The value of a row is its number, so that whoever fetches it knows it. Nobody looks at those of replicated tables.
  for (const exchange::RowTable& table : tables_) {
    const exchange::RowRange block =
        table.is_sharded() ? table.blocks.block(communicator.rank()) : exchange::RowRange();
    tensor::Matrix& rows = held_.emplace_back(static_cast<std::size_t>(block.size()), table.dim);
    for (std::size_t row = 0; row < rows.rows(); ++row)
      std::ranges::fill(rows.row(row), static_cast<float>(block.first + static_cast<std::int64_t>(row)));
  }
  for (const tensor::Matrix& rows : held_) held_rows_.push_back(rows.view());
}

void SimulatedStep::run(std::int64_t batch) {
  require(batch_->number == batch, "scaling: another batch was prepared");
  require(step::run_in_order(*this, *this, *this, own_flags()) == 1, "scaling: wrong flags came");
  std::swap(batch_, next_);
}

void SimulatedStep::gather_first(std::int64_t batch) {
  start_gather(*batch_, batch, own_flags());
  require(finish_gather(*batch_) == 1, "scaling: wrong flags came");
  start_request(*batch_);
  start_fetch(*batch_);
  finish_fetch(*batch_);
}

void SimulatedStep::start_next(std::uint32_t flags) {
  start_gather(*next_, batch_->number + 1, flags);
}

std::uint32_t SimulatedStep::finish_next() {
  const std::uint32_t flags = finish_gather(*next_);
  start_request(*next_);
  return flags;
}

void SimulatedStep::start_gather(Batch& batch, std::int64_t number, std::uint32_t flags) {
  batch.number = number;
  node_.exchange(Traffic::gather, [&] {
    batch.gather.start(workload_.items(number, layout_.rank), workload_.job().batch_size, flags);
  });
}

std::uint32_t SimulatedStep::finish_gather(Batch& batch) {
  std::uint32_t flags = 0;
  node_.exchange(Traffic::gather, [&] { flags = batch.gather.finish(); });
  node_.touch(bytes_per_example * static_cast<double>(workload_.job().batch_size));
  const exchange::DistinctCandidates& candidates = batch.gather.candidates();
  for (const std::int32_t item : workload_.items(batch.number, layout_.rank))
    require(candidates.rows()[candidates.column_of(item)] == item, "scaling: an item was lost");
  batch.slice = exchange::slice_of_lane(candidates.columns(), layout_.ranks, layout_.rank);
  return flags;
}

void SimulatedStep::start_request(Batch& batch) {
  node_.exchange(Traffic::lookup, [&] {
    batch.request.start([&](std::size_t, std::size_t table, std::vector<std::int64_t>& rows) {
      rows = rows_of(batch, table);
    });
  });
}

void SimulatedStep::start_fetch(Batch& batch) {
  node_.exchange(Traffic::lookup, [&] {
    batch.request.finish();
    fetch_.start(batch.request, held_rows_);
  });
}

void SimulatedStep::finish_fetch(const Batch& batch) {
  node_.exchange(Traffic::lookup, [&] { fetch_.finish(); });
  for (const std::size_t table : batch.request.sharded()) {
    for (const std::int64_t row : batch.request.wanted(0, table))
      require(fetch_.rows(0)[table][row].back() == static_cast<float>(row),
              "scaling: a wrong row was fetched");
  }
}

void SimulatedStep::look_up() {
  candidates_.begin(batch_->gather.candidates().columns());
}

void SimulatedStep::forward_candidates() {
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

tensor::MatrixView SimulatedStep::finish_reduce() {
  tensor::MatrixView sum = candidates_.vectors();
  node_.exchange(Traffic::reduce, [&] { sum = candidates_.finish_reduce(); });
  node_.touch(static_cast<double>(candidates_.gradients().cols() * sizeof(float)));  // adds what came
  for (std::size_t column = 0; column < sum.rows(); ++column)
    require(sum.row(column).back() == sum_of_addends(layout_.ranks, batch_->slice.first + column),
            "scaling: a wrong sum of candidate gradients came");
  return sum;
}

void SimulatedStep::backward_candidates(tensor::MatrixView) {
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

void SimulatedStep::start_query_row_reduce() {
  make_row_gradients(0, query_table_count);
  node_.exchange(Traffic::rows, [&] { row_reduce_.start_queries(row_gradients_); });
}

void SimulatedStep::start_candidate_row_reduce() {
  make_row_gradients(query_table_count, table_count);
  node_.exchange(Traffic::rows, [&] { row_reduce_.start_candidates(row_gradients_, batch_->request); });
}

void SimulatedStep::start_dense_exchange() {
  for (std::size_t i = 0; i < dense_gradients_.cols(); ++i) dense_gradients_(0, i) = addend(layout_.rank, i);
  node_.exchange(Traffic::dense, [&] { dense_exchange_.start(dense_gradients_.view()); });
}

void SimulatedStep::advance_dense_exchange() {
  node_.exchange(Traffic::dense, [&] { dense_exchange_.advance(); });
}

void SimulatedStep::finish_row_reduce() {
  node_.exchange(Traffic::rows, [&] { row_reduce_.finish(); });
}

void SimulatedStep::update_rows() {
  std::size_t floats = 0;
  touched_ = {};
  for (std::size_t table = 0; table < table_count; ++table) {
    row_reduce_.for_each_row(table, [&](std::int64_t, std::span<const float> gradient) {
      touched_[table] += static_cast<std::int64_t>(gradient[0]);
      floats += gradient.size();
    });
  }
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
    const bool is_sharded = tables_[table].is_sharded();
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
