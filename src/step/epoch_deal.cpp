#include "step/epoch_deal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.hpp"
#include "base/random.hpp"
#include "ingest/row_numbers.hpp"

namespace gemel::step {
namespace {

/// An example travels as these 32-bit words, its slot at the receiver and its item, then one for each feature, then its weight and its
/// user, if it has them.
constexpr std::size_t header_words = 2;

}  // namespace

EpochDeal::EpochDeal(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                     features::Examples own, std::vector<std::int64_t> numbers, std::int64_t total,
                     std::int64_t batch_size, std::uint64_t seed, UnknownIds unknown)
    : layout_(layout),
      communicator_(communicator),
      own_(std::move(own)),
      numbers_(std::move(numbers)),
      total_(total),
      batch_size_(batch_size),
      seed_(seed),
      unknown_(std::move(unknown)),
      has_weights_(communicator.max(std::int64_t{own_.weights.empty() ? 0 : 1}) > 0),
      has_users_(communicator.max(std::int64_t{own_.users.empty() ? 0 : 1}) > 0) {
  base::require(numbers_.size() == own_.size(), "ingest: one number per example");
  base::require(own_.weights.size() == (has_weights_ ? own_.size() : 0),
                "ingest: one weight per example, or none");
  base::require(own_.users.size() == (has_users_ ? own_.size() : 0), "ingest: one user per example, or none");
  dealt_.features.features = own_.features.features;
  dealt_.features.lists = own_.features.lists;
  starts_in_batch_ = rank_starts(batch_size_);
  starts_in_last_batch_ = rank_starts(batch_examples(batches() - 1));
  ingest::require_numbers(own_lanes(batches() - 1).last, "training examples of an epoch", communicator_);
}

std::vector<std::int64_t> EpochDeal::rank_starts(std::int64_t examples) const {
  std::vector<std::int64_t> starts;
  for (int rank = 0; rank < layout_.ranks; ++rank) {
    const int lane = exchange::lanes_of_rank(layout_.tree.lanes(), layout_.ranks, rank).first;
    starts.push_back(exchange::lane_start(examples, layout_.tree.lanes(), lane));
  }
  starts.push_back(examples);
  return starts;
}

std::int64_t EpochDeal::batch_examples(std::int64_t batch) const {
  return std::min(batch_size_, total_ - batch * batch_size_);
}

std::size_t EpochDeal::dealt_before(std::int64_t batch, int lane) const {
  const int lanes = layout_.tree.lanes();
  const std::int64_t in_a_full_batch = exchange::lane_start(batch_size_, lanes, layout_.lanes.last) -
                                       exchange::lane_start(batch_size_, lanes, layout_.lanes.first);
  const std::int64_t examples = batch_examples(batch);
  return static_cast<std::size_t>(batch * in_a_full_batch + exchange::lane_start(examples, lanes, lane) -
                                  exchange::lane_start(examples, lanes, layout_.lanes.first));
}

EpochDeal::Range EpochDeal::lane(std::int64_t batch, int lane) const {
  return {dealt_before(batch, lane), dealt_before(batch, lane + 1)};
}

EpochDeal::Range EpochDeal::own_lanes(std::int64_t batch) const {
  return {dealt_before(batch, layout_.lanes.first), dealt_before(batch, layout_.lanes.last)};
}

std::size_t EpochDeal::words_of_example() const {
  return header_words + own_.features.features + (has_weights_ ? 1 : 0) + (has_users_ ? 1 : 0);
}

EpochDeal::Place EpochDeal::place(std::int64_t position) const {
  const std::int64_t batch = position / batch_size_;
  const std::int64_t within = position - batch * batch_size_;
  const std::vector<std::int64_t>& starts = batch + 1 < batches() ? starts_in_batch_ : starts_in_last_batch_;
  const auto end = std::upper_bound(starts.begin(), starts.end(), within);
  const auto rank = static_cast<std::uint32_t>(end - starts.begin() - 1);
  const std::int64_t before = batch * (starts_in_batch_[rank + 1] - starts_in_batch_[rank]);
  return {rank, static_cast<std::uint32_t>(before + within - starts[rank])};
}

void EpochDeal::make_unknown(std::uint64_t key, std::uint64_t position, std::uint32_t* features) const {
  for (std::size_t i = 0; i < unknown_.features.size(); ++i) {
    if (base::random_float(key, position * unknown_.features.size() + i) < unknown_.share)
      features[unknown_.features[i]] = ingest::VocabularyDirectory::unknown_row;
  }
}

void EpochDeal::pack(std::int64_t epoch) {
  const base::KeyedPermutation order(base::random_key(seed_, fmt::format("epoch {}", epoch)),
                                     static_cast<std::uint64_t>(total_));
  positions_.assign(numbers_.begin(), numbers_.end());
  order.apply(positions_);
  const auto ranks = static_cast<std::size_t>(layout_.ranks);
  const std::size_t features = own_.features.features;
  const std::size_t words = words_of_example();
  places_.resize(own_.size());
  counts_.assign(ranks, 0);
  for (std::size_t i = 0; i < own_.size(); ++i) {
    places_[i] = place(static_cast<std::int64_t>(positions_[i]));
    counts_[places_[i].rank] += words;
  }
  std::vector<std::size_t> next(ranks, 0);
  for (std::size_t rank = 1; rank < ranks; ++rank) next[rank] = next[rank - 1] + counts_[rank - 1];
  outgoing_.resize(own_.size() * words);
  const std::uint64_t unknown_key = base::random_key(seed_, fmt::format("unknown ids of epoch {}", epoch));
  for (std::size_t i = 0; i < own_.size(); ++i) {
    std::uint32_t* message = outgoing_.data() + next[places_[i].rank];
    message[0] = places_[i].slot;
    message[1] = static_cast<std::uint32_t>(own_.items[i]);
    std::copy_n(own_.features.words.data() + i * features, features, message + header_words);
    if (unknown_.share > 0) make_unknown(unknown_key, positions_[i], message + header_words);
    if (has_weights_) message[header_words + features] = std::bit_cast<std::uint32_t>(own_.weights[i]);
    if (has_users_) message[words - 1] = static_cast<std::uint32_t>(own_.users[i]);
    next[places_[i].rank] += words;
  }
}

void EpochDeal::unpack() {
  const std::size_t features = own_.features.features;
  const std::size_t words = words_of_example();
  const std::size_t received = incoming_.size() / words;
  base::require(received == own_lanes(batches() - 1).last,
                "ingest: the deal gave this rank a wrong number of examples");
  dealt_.items.resize(received);
  dealt_.features.words.resize(received * features);
  if (has_weights_) dealt_.weights.resize(received);
  if (has_users_) dealt_.users.resize(received);
  for (std::size_t i = 0; i < received; ++i) {
    const std::uint32_t* message = incoming_.data() + i * words;
    const std::size_t slot = message[0];
    dealt_.items[slot] = static_cast<std::int32_t>(message[1]);
    std::copy_n(message + header_words, features, dealt_.features.words.data() + slot * features);
    if (has_weights_) dealt_.weights[slot] = std::bit_cast<float>(message[header_words + features]);
    if (has_users_) dealt_.users[slot] = static_cast<std::int32_t>(message[words - 1]);
  }
}

void EpochDeal::deal(std::int64_t epoch) {
  epoch_ = epoch;
  pack(epoch);
  communicator_.all_to_all(std::span<const std::uint32_t>(outgoing_), counts_, incoming_, received_counts_);
  unpack();
}

}  // namespace gemel::step
