#include "step/prepared_batch.hpp"

#include <numeric>

#include "model/table_access.hpp"

namespace gemel::step {
namespace {

std::vector<exchange::ShardedTable> sharded_tables(const model::TwoTower& model) {
  std::vector<exchange::ShardedTable> sharded;
  model::append_sharded(model.query().tables(), 0, sharded);
  model::append_sharded(model.candidate().tables(), model.query().tables().size(), sharded);
  return sharded;
}

}  // namespace

PreparedBatch::PreparedBatch(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                             const step::EpochDeal& deal, const features::FeatureRows& catalogue,
                             const model::TwoTower& model, const learning::Negatives& negatives)
    : layout_(layout),
      deal_(deal),
      catalogue_(catalogue),
      model_(model),
      negatives_(negatives),
      gather_(layout, communicator, catalogue.size(), negatives.are_catalogue()),
      request_(communicator, sharded_tables(model), layout.subtree_counts),
      lanes_(static_cast<std::size_t>(layout.lanes.size())) {}

void PreparedBatch::start_gather(std::int64_t batch, std::uint32_t flags) {
  number_ = batch;
  const auto own = deal_.own_lanes(batch);
  lane_weights_.clear();
  for (int lane = layout_.lanes.first; deal_.has_weights() && lane < layout_.lanes.last; ++lane) {
    const auto weights = weights_of(deal_.lane(batch, lane));
    lane_weights_.push_back(std::accumulate(weights.begin(), weights.end(), 0.0));
  }
  gather_.start(std::span(deal_.dealt().items).subspan(own.first, own.size()), deal_.batch_examples(batch),
                flags, lane_weights_);
}

std::span<const float> PreparedBatch::weights_of(step::EpochDeal::Range examples) const {
  if (!deal_.has_weights()) return {};
  return std::span(deal_.dealt().weights).subspan(examples.first, examples.size());
}

std::uint32_t PreparedBatch::finish_gather() {
  negatives_.draw(deal_.epoch(), number_, drawn_);
  const std::uint32_t flags = gather_.finish(drawn_);
  const std::vector<std::int32_t>& items = deal_.dealt().items;
  if (iota_.size() < items.size()) {
    iota_.resize(items.size());
    std::iota(iota_.begin(), iota_.end(), 0);
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = lanes_[i];
    const int index = layout_.lanes.first + static_cast<int>(i);
    const auto examples = deal_.lane(number_, index);
    lane.selection = std::span(iota_).subspan(examples.first, examples.size());
    lane.weights = weights_of(examples);
    lane.users = std::span(deal_.dealt().users);
    if (!lane.users.empty()) lane.users = lane.users.subspan(examples.first, examples.size());
    lane.slice = exchange::slice_of_lane(candidates().columns(), layout_.tree.lanes(), index);
    lane.labels.clear();
    for (const std::int32_t item : std::span(items).subspan(examples.first, examples.size())) {
      lane.labels.push_back(static_cast<std::int32_t>(candidates().column_of(item)));
    }
  }
  return flags;
}

void PreparedBatch::start_request() {
  for (std::size_t part = 0; part < request_.own_parts(); ++part) {
    const exchange::LaneLayout::Subtree& subtree = layout_.subtrees[part];
    for (std::size_t table = 0; table < request_.tables(); ++table) {
      const std::size_t index = request_.table(table).index;
      std::vector<std::int64_t>& wanted = request_.wanted(part, table);
      wanted.clear();
      for (const Lane& lane : std::span(lanes_).subspan(subtree.first, subtree.size())) {
        append_touched_rows(lane, index, wanted);
      }
      model::make_distinct(wanted);
    }
  }
  request_.start();
}

void PreparedBatch::append_touched_rows(const Lane& lane, std::size_t index,
                                        std::vector<std::int64_t>& rows) const {
  const std::size_t query_tables = model_.query().tables().size();
  if (index < query_tables) {
    model_.query().touched_rows(deal_.dealt().features, lane.selection, index, rows);
  } else {
    model_.candidate().touched_rows(catalogue_, columns_of(lane), index - query_tables, rows);
  }
}

void PreparedBatch::finish_request() {
  request_.finish();
}

}  // namespace gemel::step
