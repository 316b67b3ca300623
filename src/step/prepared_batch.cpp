#include "step/prepared_batch.hpp"

#include <numeric>

#include "model/table_access.hpp"

namespace gemel::step {

PreparedBatch::PreparedBatch(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                             const step::EpochDeal& deal, const features::FeatureRows& catalogue,
                             const model::TwoTower& model, const learning::Negatives& negatives)
    : layout_(layout),
      deal_(deal),
      catalogue_(catalogue),
      model_(model),
      negatives_(negatives),
      gather_(layout, communicator, catalogue.size(), negatives.are_catalogue()),
      request_(communicator, model::row_tables(model), layout.subtree_counts),
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
    LaneTask& lane = lanes_[i];
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
  request_.start([this](std::size_t part, std::size_t table, std::vector<std::int64_t>& rows) {
    append_touched_rows(part, table, rows);
  });
}

/// Appends the rows of a table of the model that the lanes of own subtree `part` look up, in any order, with repetitions.
void PreparedBatch::append_touched_rows(std::size_t part, std::size_t table,
                                        std::vector<std::int64_t>& rows) const {
  const exchange::LaneLayout::Subtree& subtree = layout_.subtrees[part];
  const std::size_t query_tables = model_.query().tables().size();
  for (const LaneTask& lane : lanes().subspan(subtree.first, subtree.size())) {
    if (table < query_tables) {
      model_.query().touched_rows(deal_.dealt().features, lane.selection, table, rows);
    } else {
      model_.candidate().touched_rows(catalogue_, columns_of(lane), table - query_tables, rows);
    }
  }
}

void PreparedBatch::append_needed_rows(std::size_t table, std::vector<std::int64_t>& rows) const {
  const auto touch = [this](std::size_t part, std::size_t of_table, std::vector<std::int64_t>& touched) {
    append_touched_rows(part, of_table, touched);
  };
  request_.append_needed(table, touch, rows);
}

void PreparedBatch::finish_request() {
  request_.finish();
}

}  // namespace gemel::step
