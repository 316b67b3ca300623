#include "gemel/ingest/epoch_deal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "gemel/base/error.hpp"
#include "gemel/base/random.hpp"

namespace gemel::ingest {
namespace {

/// An example travels as these 32-bit words, then one for each feature, then its weight if it has one: its place at the
/// receiver (low, high) and its item.
constexpr std::size_t header_words = 3;

}  // namespace

EpochDeal::EpochDeal(const exchange::LanePlan& plan, mpi::Communicator& communicator, Examples own,
                     std::vector<std::int64_t> numbers, std::int64_t total, std::int64_t batch_size,
                     std::uint64_t seed)
    : plan_(plan),
      communicator_(communicator),
      own_(std::move(own)),
      numbers_(std::move(numbers)),
      total_(total),
      batch_size_(batch_size),
      seed_(seed),
      has_weights_(communicator.max(std::int64_t{own_.weights.empty() ? 0 : 1}) > 0) {
  base::require(numbers_.size() == own_.size(), "ingest: one number per example");
  base::require(own_.weights.size() == (has_weights_ ? own_.size() : 0),
                "ingest: one weight per example, or none");
  dealt_.features.features = own_.features.features;
  dealt_.features.lists = own_.features.lists;
}

std::int64_t EpochDeal::batch_examples(std::int64_t batch) const {
  return std::min(batch_size_, total_ - batch * batch_size_);
}

int EpochDeal::rank_of_lane(int lane) const {
  return exchange::lane_of(plan_.tree.lanes(), plan_.ranks, lane);
}

std::size_t EpochDeal::dealt_before(std::int64_t batch, int lane) const {
  const int lanes = plan_.tree.lanes();
  const std::int64_t in_a_full_batch = exchange::lane_start(batch_size_, lanes, plan_.lanes.last) -
                                       exchange::lane_start(batch_size_, lanes, plan_.lanes.first);
  const std::int64_t examples = batch_examples(batch);
  return static_cast<std::size_t>(batch * in_a_full_batch + exchange::lane_start(examples, lanes, lane) -
                                  exchange::lane_start(examples, lanes, plan_.lanes.first));
}

EpochDeal::Range EpochDeal::lane(std::int64_t batch, int lane) const {
  return {dealt_before(batch, lane), dealt_before(batch, lane + 1)};
}

EpochDeal::Range EpochDeal::own_lanes(std::int64_t batch) const {
  return {dealt_before(batch, plan_.lanes.first), dealt_before(batch, plan_.lanes.last)};
}

void EpochDeal::deal(std::int64_t epoch) {
  epoch_ = epoch;
  const base::KeyedPermutation order(base::random_key(seed_, fmt::format("epoch {}", epoch)),
                                     static_cast<std::uint64_t>(total_));
  const auto ranks = static_cast<std::size_t>(plan_.ranks);
  const std::size_t features = own_.features.features;
  const std::size_t words = header_words + features + (has_weights_ ? 1 : 0);
  std::vector<std::uint64_t> positions(own_.size());
  std::vector<std::int32_t> targets(own_.size());
  std::vector<std::size_t> counts(ranks, 0);
  for (std::size_t i = 0; i < own_.size(); ++i) {
    positions[i] = order(static_cast<std::uint64_t>(numbers_[i]));
    const auto position = static_cast<std::int64_t>(positions[i]);
    const std::int64_t batch = position / batch_size_;
    const int lane = exchange::lane_of(batch_examples(batch), plan_.tree.lanes(), position % batch_size_);
    targets[i] = rank_of_lane(lane);
    counts[static_cast<std::size_t>(targets[i])] += words;
  }

  std::vector<std::size_t> next(ranks, 0);
  for (std::size_t rank = 1; rank < ranks; ++rank) next[rank] = next[rank - 1] + counts[rank - 1];
  std::vector<std::uint32_t> outgoing(own_.size() * words);
  for (std::size_t i = 0; i < own_.size(); ++i) {
    std::size_t& start = next[static_cast<std::size_t>(targets[i])];
    std::uint32_t* message = outgoing.data() + start;
    message[0] = static_cast<std::uint32_t>(positions[i]);
    message[1] = static_cast<std::uint32_t>(positions[i] >> 32);
    message[2] = static_cast<std::uint32_t>(own_.items[i]);
    std::copy_n(own_.features.words.begin() + static_cast<std::ptrdiff_t>(i * features), features,
                message + header_words);
    if (has_weights_) message[words - 1] = std::bit_cast<std::uint32_t>(own_.weights[i]);
    start += words;
  }
  std::vector<std::size_t> received_counts;
  const std::vector<std::uint32_t> incoming =
      communicator_.all_to_all(std::span<const std::uint32_t>(outgoing), counts, received_counts);

  const std::size_t received = incoming.size() / words;
  base::require(received == own_lanes(batches() - 1).last,
                "ingest: the deal gave this rank a wrong number of examples");
  dealt_.items.resize(received);
  dealt_.features.words.resize(received * features);
  if (has_weights_) dealt_.weights.resize(received);
  for (std::size_t i = 0; i < received; ++i) {
    const std::uint32_t* message = incoming.data() + i * words;
    const auto position =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(message[1]) << 32 | message[0]);
    const std::int64_t batch = position / batch_size_;
    const std::int64_t before_own_lanes =
        exchange::lane_start(batch_examples(batch), plan_.tree.lanes(), plan_.lanes.first);
    const std::size_t slot = dealt_before(batch, plan_.lanes.first) +
                             static_cast<std::size_t>(position % batch_size_ - before_own_lanes);
    dealt_.items[slot] = static_cast<std::int32_t>(message[2]);
    std::copy_n(message + header_words, features,
                dealt_.features.words.begin() + static_cast<std::ptrdiff_t>(slot * features));
    if (has_weights_) dealt_.weights[slot] = std::bit_cast<float>(message[words - 1]);
  }
}

}  // namespace gemel::ingest
