#include "step/lane_passes.hpp"

#include <numeric>

#include "base/even_cuts.hpp"

namespace gemel::step {

LanePasses::LanePasses(const StepParts& parts, BatchPipeline& batches)
    : parts_(parts),
      batches_(batches),
      candidates_(parts.layout, parts.communicator, parts.model.dim()),
      lanes_(static_cast<std::size_t>(parts.layout.lanes.size())),
      scratches_(static_cast<std::size_t>(parts.team.threads())),
      gradients_{tensor::Matrix(lanes_.size(), parts.model.dense().size()), {}} {
  gradients_.rows.resize(lanes_.size());
  for (auto& tables : gradients_.rows) tables.resize(parts.model.tables().size());
  if (parts.model.query().drops()) {
    places_.resize(static_cast<std::size_t>(parts.deal.batch_examples(0)));
    std::iota(places_.begin(), places_.end(), 0);
  }
}

void LanePasses::look_up() {
  const auto timing = parts_.timer.measure(metering::Phase::lookup);
  parts_.loss.prepare(batch().candidates(), batch().weight());
  candidates_.begin(batch().candidates().columns());
  for_each_lane([&](std::size_t index, int) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch().lanes()[index];
    const auto rows = batches_.rows_of_lane(index);
    const std::size_t query_tables = parts_.model.query().tables().size();
    parts_.model.query().look_up(parts_.deal.dealt().features, work.selection, rows.first(query_tables),
                                 lane.query);
    parts_.model.candidate().look_up(parts_.catalogue, batch().columns_of(work), rows.subspan(query_tables),
                                     lane.candidate);
  });
}

void LanePasses::forward_candidates() {
  const auto timing = parts_.timer.measure(metering::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const model::DropoutDraw draw = candidate_draw(index);
    parts_.model.candidate().forward({dense_values(), parts_.runtime.executor(thread), &draw}, lane.candidate,
                                     own_vectors(index));
  });
  parts_.timer.add_operations(metering::Phase::forward, parts_.model.candidate().architecture().forward_flops(
                                                            candidates_.own_slice().size()));
}

void LanePasses::start_share() {
  const auto timing = parts_.timer.measure(metering::Phase::share);
  const auto counting = parts_.traffic.measure(metering::Traffic::share);
  parts_.timer.depart(metering::Phase::share);
  candidates_.start_share();
}

void LanePasses::forward_queries() {
  const auto timing = parts_.timer.measure(metering::Phase::forward);
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    lane.query_vectors.resize(batch().lanes()[index].selection.size(), parts_.model.dim());
    const model::DropoutDraw draw = query_draw(index);
    parts_.model.query().forward({dense_values(), parts_.runtime.executor(thread), &draw}, lane.query,
                                 lane.query_vectors.view());
  });
  parts_.timer.add_operations(metering::Phase::forward,
                              parts_.model.query().architecture().forward_flops(batches_.own_examples()));
}

void LanePasses::finish_share() {
  const auto timing = parts_.timer.measure(metering::Phase::share);
  const auto waiting = parts_.timer.await(metering::Phase::share);
  candidates_.finish_share();
}

void LanePasses::compute_loss() {
  const auto timing = parts_.timer.measure(metering::Phase::loss);
  const tensor::MatrixView vectors = candidates_.vectors();
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch().lanes()[index];
    lane.query_gradient.resize(work.selection.size(), parts_.model.dim());
    const tensor::MatrixView vector_gradient(candidates_.gradients().row(index).data(), vectors.rows(),
                                             vectors.cols());
    lane.loss = parts_.loss.run({lane.query_vectors.view(), work.labels, work.weights, work.users}, vectors,
                                lane.query_gradient.view(), vector_gradient, parts_.runtime.executor(thread),
                                scratches_[static_cast<std::size_t>(thread)].loss);
    parts_.loss.write_temperature_gradient(lane.query_vectors.view(), lane.query_gradient.view(),
                                           gradients_.dense.row(index));
  });
  parts_.timer.add_operations(
      metering::Phase::loss,
      learning::InBatchSoftmax::flops(batches_.own_examples(), vectors.rows(), vectors.cols()));
}

void LanePasses::start_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::reduce);
  const auto counting = parts_.traffic.measure(metering::Traffic::reduce);
  parts_.timer.depart(metering::Phase::reduce);
  candidates_.start_reduce();
}

void LanePasses::backward_queries() {
  const auto timing = parts_.timer.measure(metering::Phase::backward);
  const model::Tower& tower = parts_.model.query();
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    tower.backward({dense_values(), gradients_.dense.row(index), parts_.runtime.executor(thread)}, lane.query,
                   lane.query_vectors.view(), lane.query_gradient.view());
    tower.row_gradients(parts_.deal.dealt().features, batch().lanes()[index].selection, lane.query,
                        std::span(gradients_.rows[index]).first(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
  parts_.timer.add_operations(metering::Phase::backward,
                              tower.architecture().backward_flops(batches_.own_examples()));
}

tensor::MatrixView LanePasses::finish_reduce() {
  const auto timing = parts_.timer.measure(metering::Phase::reduce);
  const auto waiting = parts_.timer.await(metering::Phase::reduce);
  return candidates_.finish_reduce();
}

void LanePasses::backward_candidates(tensor::MatrixView vector_gradient) {
  const auto timing = parts_.timer.measure(metering::Phase::backward);
  const model::Tower& tower = parts_.model.candidate();
  const std::size_t first_column = candidates_.own_slice().first;
  for_each_lane([&](std::size_t index, int thread) {
    LaneState& lane = lanes_[index];
    const PreparedBatch::LaneTask& work = batch().lanes()[index];
    tower.backward({dense_values(), gradients_.dense.row(index), parts_.runtime.executor(thread)},
                   lane.candidate, own_vectors(index),
                   vector_gradient.middle_rows(work.slice.first - first_column, work.slice.size()));
    tower.row_gradients(parts_.catalogue, batch().columns_of(work), lane.candidate,
                        std::span(gradients_.rows[index]).last(tower.tables().size()),
                        scratches_[static_cast<std::size_t>(thread)].rows);
  });
  parts_.timer.add_operations(metering::Phase::backward,
                              tower.architecture().backward_flops(candidates_.own_slice().size()));
}

void LanePasses::add_losses(std::span<double> lane_losses) const {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) lane_losses[lane] += lanes_[lane].loss;
}

/// The rows of the candidate vectors that a lane of this rank embeds.
tensor::MatrixView LanePasses::own_vectors(std::size_t lane) {
  const exchange::ColumnSlice slice = batch().lanes()[lane].slice;
  return candidates_.vectors().middle_rows(slice.first, slice.size());
}

model::DropoutDraw LanePasses::query_draw(std::size_t lane) const {
  if (!parts_.model.query().drops()) return {};
  const base::EvenCuts cuts(parts_.deal.batch_examples(batch().number()), parts_.layout.tree.lanes());
  const std::int64_t first = cuts.start(parts_.layout.lanes.first + static_cast<int>(lane));
  return {parts_.optimizer.steps(), std::span(places_).subspan(static_cast<std::size_t>(first),
                                                               batch().lanes()[lane].selection.size())};
}

model::DropoutDraw LanePasses::candidate_draw(std::size_t lane) const {
  if (!parts_.model.candidate().drops()) return {};
  return {parts_.optimizer.steps(), batch().columns_of(batch().lanes()[lane])};
}

template <class Work>
void LanePasses::for_each_lane(const Work& work) {
  parts_.team.for_each(static_cast<int>(lanes_.size()), [&](int lane, int thread) {
    work(static_cast<std::size_t>(lane), thread);
    if (thread == 0) progress();  // the one that may call MPI
  });
}

/// Messages of more than a few kB move only while their ranks are inside MPI: let them, after each lane.
void LanePasses::progress() {
  candidates_.progress();
  batches_.progress();
}

}  // namespace gemel::step
