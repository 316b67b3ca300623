#include "simulated_step.hpp"

#include <mpi.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "gemel/base/error.hpp"

namespace gemel::scaling {
namespace {

using training::Traffic;

// A core is taken to read or write 10 GB/s, and an exp to take as long as 20 additions or multiplications (RECIPES: oneDNN
// computes 5.4 G exp/s and half of 205 Gflop/s).
constexpr double core_flops = 102.5e9;  // a second: half of 205 Gflop/s; the platform's speed of a host
constexpr double flops_per_byte = 10;
constexpr double flops_per_exp = 20;
constexpr double optimizer_flops = 10;  // of one parameter

void require(bool condition, const char* message) {
  base::require(condition, message);
}

void make_distinct(std::vector<std::int64_t>& rows) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
}

/// Whole numbers, so that sums are exact: what lane `lane` has of element `index`, and what all lanes have together.
float addend(int lane, std::size_t index) {
  return static_cast<float>((lane + 1) * static_cast<int>(1 + index % 7));
}
float sum_of_addends(int lanes, std::size_t index) {
  return static_cast<float>(lanes * (lanes + 1) / 2 * static_cast<int>(1 + index % 7));
}

std::vector<std::int64_t> touched_rows(const Workload& workload, std::int64_t first, std::int64_t last,
                                       std::span<const std::int32_t> columns, std::size_t table) {
  std::vector<std::int64_t> rows;
  if (table == user || table == time) {
    for (std::int64_t example = first; example < last; ++example)
      workload.append_query_rows(table, example, rows);
  } else {
    for (const std::int32_t item : columns) {
      if (item >= 0) workload.append_candidate_rows(table, item, rows);
    }
  }
  make_distinct(rows);
  return rows;
}

std::vector<std::int32_t> own_items(const Job& job, const Workload& workload, const exchange::LanePlan& plan,
                                    std::int64_t batch) {
  std::vector<std::int32_t> items;
  const std::int64_t first = batch * job.batch_size;
  for (std::int64_t i = exchange::lane_start(job.batch_size, job.lanes, plan.lanes.first);
       i < exchange::lane_start(job.batch_size, job.lanes, plan.lanes.last); ++i) {
    items.push_back(workload.item(first + i));
  }
  return items;
}

}  // namespace

training::JobShape shape_of(const Job& job, const Workload& workload, const exchange::LanePlan& plan,
                            mpi::Communicator& communicator) {
  exchange::CandidateGather gather(plan, communicator, static_cast<std::size_t>(job.items));
  gather.start(own_items(job, workload, plan, 0), job.batch_size, 0);
  gather.finish();
  const exchange::DistinctCandidates& candidates = gather.candidates();

  training::JobShape shape;
  shape.ranks = job.ranks;
  shape.lanes = job.lanes;
  shape.batch_size = job.batch_size;
  shape.candidates = job.items;
  shape.vector_width = job.layers.back();
  shape.dense_parameters =
      dense_parameters(query_width, job.layers) + dense_parameters(candidate_width, job.layers);
  shape.columns = static_cast<double>(candidates.columns());
  const auto subtrees =
      std::accumulate(plan.subtree_counts.begin(), plan.subtree_counts.end(), std::size_t{0});
  shape.subtrees = static_cast<double>(subtrees) / job.ranks;
  for (std::size_t table = 0; table < table_count; ++table) {
    std::int64_t touched = 0;
    for (const auto& subtree : plan.subtrees) {
      const int first = plan.lanes.first + static_cast<int>(subtree.first);
      const int last = plan.lanes.first + static_cast<int>(subtree.last);
      const std::size_t column = exchange::slice_of_lane(candidates.columns(), job.lanes, first).first;
      const std::size_t end = exchange::slice_of_lane(candidates.columns(), job.lanes, last - 1).last;
      touched += static_cast<std::int64_t>(
          touched_rows(workload, exchange::lane_start(job.batch_size, job.lanes, first),
                       exchange::lane_start(job.batch_size, job.lanes, last),
                       candidates.rows().subspan(column, end - column), table)
              .size());
    }
    training::TableShape& of_table = shape.tables.emplace_back();
    of_table.name = of_table.feature = table_names[table];
    of_table.rows = workload.rows(table);
    of_table.dim = embedding_dim;
    of_table.row_bytes = 2 * embedding_dim * sizeof(float);
    of_table.touched = static_cast<double>(communicator.sum(touched)) / job.ranks;
  }
  return shape;
}

SimulatedStep::SimulatedStep(const Job& job, const Workload& workload, const training::Plan& placements,
                             const exchange::LanePlan& plan, mpi::Communicator& communicator)
    : job_(job),
      workload_(workload),
      plan_(plan),
      communicator_(communicator),
      query_parameters_(static_cast<double>(dense_parameters(query_width, job.layers))),
      candidate_parameters_(static_cast<double>(dense_parameters(candidate_width, job.layers))),
      sharded_(sharded_tables(placements)),
      batch_(make_batch()),
      next_(make_batch()),
      fetch_(communicator),
      candidates_(plan, communicator, job.layers.back()),
      dense_exchange_(plan, communicator,
                      static_cast<std::size_t>(query_parameters_ + candidate_parameters_)),
      row_exchange_(plan, communicator, replicated_tables(placements)),
      sharded_row_exchange_(plan, communicator),
      dense_gradients_(static_cast<std::size_t>(plan.lanes.size()),
                       static_cast<std::size_t>(query_parameters_ + candidate_parameters_)),
      row_gradients_(static_cast<std::size_t>(plan.lanes.size())) {
  for (auto& tables : row_gradients_) tables.resize(table_count);
  // The value of a row is its number, so that whoever fetches it knows it.
  for (const exchange::ShardedTable& table : sharded_) {
    const exchange::RowRange block = table.blocks.block(communicator.rank());
    tensor::Matrix& rows = held_.emplace_back(static_cast<std::size_t>(block.size()), table.dim);
    for (std::size_t row = 0; row < rows.rows(); ++row)
      std::ranges::fill(rows.row(row), static_cast<float>(block.first + static_cast<std::int64_t>(row)));
  }
  for (const tensor::Matrix& rows : held_) held_rows_.push_back(rows.view());
}

std::vector<exchange::ShardedTable> SimulatedStep::sharded_tables(const training::Plan& placements) {
  std::vector<exchange::ShardedTable> sharded;
  for (std::size_t table = 0; table < table_count; ++table) {
    const training::Plan::Table& planned = placements.tables[table];
    if (planned.placement == exchange::Placement::sharded)
      sharded.push_back({table, {planned.shape.rows, placements.ranks}, planned.shape.dim});
  }
  return sharded;
}

std::vector<exchange::RowExchange::Table> SimulatedStep::replicated_tables(const training::Plan& placements) {
  std::vector<exchange::RowExchange::Table> replicated;
  for (std::size_t table = 0; table < table_count; ++table) {
    const training::Plan::Table& planned = placements.tables[table];
    if (planned.placement == exchange::Placement::replicated)
      replicated.push_back({table, planned.shape.dim});
  }
  return replicated;
}

std::unique_ptr<SimulatedStep::Batch> SimulatedStep::make_batch() const {
  return std::unique_ptr<Batch>(new Batch{{plan_, communicator_, static_cast<std::size_t>(job_.items)},
                                          {communicator_, sharded_, plan_.subtree_counts},
                                          std::vector<Lane>(static_cast<std::size_t>(plan_.lanes.size()))});
}

/// The same calls as training::TrainingStep::run.
StepCounts SimulatedStep::run(std::int64_t batch) {
  counts_ = {};
  bytes_before_ = communicator_.bytes_sent();
  received_before_ = communicator_.bytes_received();
  messages_before_ = communicator_.messages_sent();
  communicator_.barrier();
  const double start = MPI_Wtime();
  if (is_first_) {
    start_gather(*batch_, batch);
    finish_gather(*batch_, batch);
    start_request(*batch_);
    batch_->request.send_rows();
    batch_->requested = account(Traffic::lookup);
    is_first_ = false;
  } else {
    std::swap(batch_, next_);
  }
  start_gather(*next_, batch + 1);
  fetch_rows();
  exchange_candidates(batch + 1);
  exchange_gradients();
  counts_.seconds = MPI_Wtime() - start;
  check_gradients();
  return counts_;
}

void SimulatedStep::start_gather(Batch& batch, std::int64_t number) {
  batch.gather.start(own_items(job_, workload_, plan_, number), job_.batch_size, 1U << plan_.rank % 32);
  batch.gathered = account(Traffic::gather);
}

void SimulatedStep::finish_gather(Batch& batch, std::int64_t number) {
  const std::uint32_t flags = batch.gather.finish();
  wait_until(batch.gathered);
  require(job_.ranks < 32 ? flags == (1U << job_.ranks) - 1 : flags == ~0U, "scaling: wrong flags came");
  // Every rank sets a bit, and counts, for each item of the batch.
  touch(20.0 * static_cast<double>(job_.batch_size));
  for (std::size_t i = 0; i < batch.lanes.size(); ++i) {
    const int lane = plan_.lanes.first + static_cast<int>(i);
    const std::int64_t first = number * job_.batch_size;
    batch.lanes[i] = {first + exchange::lane_start(job_.batch_size, job_.lanes, lane),
                      first + exchange::lane_start(job_.batch_size, job_.lanes, lane + 1),
                      exchange::slice_of_lane(batch.gather.candidates().columns(), job_.lanes, lane)};
  }
}

void SimulatedStep::start_request(Batch& batch) {
  for (std::size_t part = 0; part < plan_.subtrees.size(); ++part) {
    const exchange::LanePlan::Subtree& subtree = plan_.subtrees[part];
    for (std::size_t table = 0; table < sharded_.size(); ++table) {
      std::vector<std::int64_t>& wanted = batch.request.wanted(part, table);
      wanted.clear();
      for (std::size_t lane = subtree.first; lane < subtree.last; ++lane) {
        const auto rows = rows_of(batch, batch.lanes[lane], sharded_[table].index);
        wanted.insert(wanted.end(), rows.begin(), rows.end());
      }
      make_distinct(wanted);
    }
  }
  batch.request.start();
  batch.requested = account(Traffic::lookup);
}

std::vector<std::int64_t> SimulatedStep::rows_of(const Batch& batch, const Lane& lane,
                                                 std::size_t table) const {
  return touched_rows(workload_, lane.first_example, lane.last_example,
                      batch.gather.candidates().rows().subspan(lane.slice.first, lane.slice.size()), table);
}

void SimulatedStep::fetch_rows() {
  const exchange::RowRequest& request = batch_->request;
  batch_->request.finish();
  wait_until(batch_->requested);
  fetch_.run(request, held_rows_);
  wait_until(account(Traffic::lookup));
  for (std::size_t part = 0; part < plan_.subtrees.size(); ++part) {
    for (std::size_t table = 0; table < sharded_.size(); ++table) {
      const exchange::ReachableRows rows = fetch_.rows(request, part, table);
      for (const std::int64_t row : request.wanted(part, table))
        require(rows[row].back() == static_cast<float>(row), "scaling: a wrong row was fetched");
    }
  }
}

void SimulatedStep::exchange_candidates(std::int64_t next) {
  const std::size_t columns = batch_->gather.candidates().columns();
  const std::size_t width = job_.layers.back();
  const double examples = static_cast<double>(job_.batch_size) / job_.ranks;
  candidates_.begin(columns);
  const exchange::ColumnSlice own = candidates_.own_slice();
  const auto own_columns = static_cast<double>(own.size());
  tensor::MatrixView vectors = candidates_.vectors();
  for (std::size_t column = own.first; column < own.last; ++column)
    std::ranges::fill(vectors.row(column), static_cast<float>(column));

  compute_lanes(2 * own_columns * candidate_parameters_);
  candidates_.start_share();
  const double shared = account(Traffic::share);
  compute_lanes(2 * examples * query_parameters_);
  candidates_.finish_share();
  wait_until(shared);
  for (std::size_t column = 0; column < columns; ++column)
    require(vectors.row(column).back() == static_cast<float>(column), "scaling: a wrong vector came");

  const double logits = examples * static_cast<double>(columns);
  compute_lanes(logits * (6 * static_cast<double>(width) + flops_per_exp));
  tensor::MatrixView gradients = candidates_.gradients();
  for (std::size_t lane = 0; lane < gradients.rows(); ++lane) {
    for (std::size_t i = 0; i < gradients.cols(); ++i)
      gradients(lane, i) = addend(plan_.lanes.first + static_cast<int>(lane), i / width);
  }
  // Packed, and added up where it arrives; lanes of the same rank are added up first.
  const double gradient_bytes = static_cast<double>(columns * width * sizeof(float));
  touch(gradient_bytes * static_cast<double>(plan_.lanes.size() - 1 + 2));
  candidates_.start_reduce();
  const double reduced = account(Traffic::reduce);
  compute_lanes(4 * examples * query_parameters_);
  finish_gather(*next_, next);
  start_request(*next_);
  const tensor::MatrixView sum = candidates_.finish_reduce();
  wait_until(reduced);
  for (std::size_t column = 0; column < sum.rows(); ++column)
    require(sum.row(column).back() == sum_of_addends(job_.lanes, own.first + column),
            "scaling: a wrong sum of candidate gradients came");
  touch(gradient_bytes);
  compute_lanes(4 * own_columns * candidate_parameters_);
}

void SimulatedStep::exchange_gradients() {
  for (std::size_t lane = 0; lane < row_gradients_.size(); ++lane) {
    for (std::size_t table = 0; table < table_count; ++table) {
      exchange::RowGradient& gradient = row_gradients_[lane][table];
      gradient.rows = rows_of(*batch_, batch_->lanes[lane], table);
      gradient.values.resize(gradient.rows.size(), embedding_dim);
      std::ranges::fill(gradient.values.view().flat(), 1.0F);
    }
    for (std::size_t i = 0; i < dense_gradients_.cols(); ++i)
      dense_gradients_(lane, i) = addend(plan_.lanes.first + static_cast<int>(lane), i);
  }
  row_exchange_.start(row_gradients_);
  sharded_row_exchange_.start(batch_->request, row_gradients_);
  const double rows = account(Traffic::rows);
  const std::span<const float> dense = dense_exchange_.all_reduce(dense_gradients_.view());
  wait_until(account(Traffic::dense));
  for (std::size_t i = 0; i < dense.size(); ++i)
    require(dense[i] == sum_of_addends(job_.lanes, i), "scaling: a wrong sum of dense gradients came");
  row_exchange_.finish();
  sharded_row_exchange_.finish();
  wait_until(rows);
  next_->request.send_rows();
  next_->requested = account(Traffic::lookup);
  update();
}

/// Simulates the optimiser's work.
void SimulatedStep::update() {
  std::size_t floats = dense_gradients_.cols();
  touched_.assign(table_count, 0);
  const auto count = [&](std::size_t index) {
    return [this, index, &floats](std::int64_t, std::span<const float> gradient) {
      touched_[index] += static_cast<std::int64_t>(gradient[0]);
      floats += gradient.size();
    };
  };
  for (std::size_t table = 0; table < row_exchange_.tables(); ++table)
    row_exchange_.for_each_row(table, count(row_exchange_.table(table).index));
  for (std::size_t table = 0; table < sharded_.size(); ++table)
    sharded_row_exchange_.for_each_row(table, count(sharded_[table].index));
  compute(optimizer_flops * static_cast<double>(floats));
}

/// Every lane gave a 1 for each row that it touched.
void SimulatedStep::check_gradients() {
  for (std::size_t table = 0; table < table_count; ++table) {
    std::int64_t given = 0;
    for (const auto& lane : row_gradients_) given += static_cast<std::int64_t>(lane[table].rows.size());
    given = communicator_.sum(given);
    const bool is_sharded =
        std::ranges::find(sharded_, table, &exchange::ShardedTable::index) != sharded_.end();
    const std::int64_t came = is_sharded ? communicator_.sum(touched_[table]) : touched_[table];
    require(given == came, "scaling: gradients of rows were lost");
  }
}

void SimulatedStep::compute(double flops) {
  const double start = MPI_Wtime();
  smpi_execute_flops(flops);
  counts_.compute_seconds += MPI_Wtime() - start;
}

/// Work of this rank's lanes, which its threads take one after the other.
void SimulatedStep::compute_lanes(double flops) {
  const int own = plan_.lanes.size();
  const int turns = (own + job_.threads - 1) / job_.threads;
  compute(flops * turns / own);
}

void SimulatedStep::touch(double bytes) {
  compute(bytes * flops_per_byte);
}

/// Puts what was sent since the last call to the account of `purpose`. Returns when the network card will have moved it: it sends
/// and receives at once, each at its bandwidth, and takes one exchange after the other.
double SimulatedStep::account(Traffic purpose) {
  const std::int64_t sent = communicator_.bytes_sent() - bytes_before_;
  const std::int64_t received = communicator_.bytes_received() - received_before_;
  const std::int64_t messages = communicator_.messages_sent() - messages_before_;
  counts_.bytes[static_cast<std::size_t>(purpose)] += sent;
  counts_.messages += messages;
  bytes_before_ += sent;
  received_before_ += received;
  messages_before_ += messages;
  pass(2 * static_cast<double>(messages) * job_.overhead);  // as many came
  if (job_.bandwidth > 0)
    card_is_free_ =
        std::max(card_is_free_, MPI_Wtime()) + static_cast<double>(std::max(sent, received)) / job_.bandwidth;
  return card_is_free_;
}

void SimulatedStep::wait_until(double time) {
  pass(time - MPI_Wtime());
}

/// Lets simulated time pass. (smpi_execute would take the host for one of smpi/host-speed.)
void SimulatedStep::pass(double seconds) {
  if (seconds > 0) smpi_execute_flops(seconds * core_flops);
}

}  // namespace gemel::scaling
