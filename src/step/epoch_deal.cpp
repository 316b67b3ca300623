#include "step/epoch_deal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "base/random.hpp"
#include "ingest/row_numbers.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"

namespace gemel::step {

EpochDeal::EpochDeal(const exchange::LaneLayout& layout, mpi::Communicator& communicator,
                     features::Examples own, ExampleNumbers numbers, std::int64_t total,
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
  base::require(numbers_.numbers.empty() || numbers_.numbers.size() == own_.size(),
                "step: one number per example");
  const auto most = static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(own_.size())));
  rounds_ = (most + round_examples - 1) / round_examples;
  base::require(own_.weights.size() == (has_weights_ ? own_.size() : 0),
                "ingest: one weight per example, or none");
  base::require(own_.users.size() == (has_users_ ? own_.size() : 0), "ingest: one user per example, or none");
  dealt_.features = own_.features.empty_like();
  starts_in_batch_ = rank_starts(batch_size_);
  starts_in_last_batch_ = rank_starts(batch_examples(batches() - 1));
  ingest::require_numbers(own_lanes(batches() - 1).last, "training examples of an epoch", communicator_);
}

std::vector<std::int64_t> EpochDeal::rank_starts(std::int64_t examples) const {
  const base::EvenCuts cuts(examples, layout_.tree.lanes());
  std::vector<std::int64_t> starts;
  for (int rank = 0; rank < layout_.ranks; ++rank) {
    starts.push_back(cuts.start(exchange::lanes_of_rank(layout_.tree.lanes(), layout_.ranks, rank).first));
  }
  starts.push_back(examples);
  return starts;
}

std::int64_t EpochDeal::batch_examples(std::int64_t batch) const {
  return std::min(batch_size_, total_ - batch * batch_size_);
}

std::size_t EpochDeal::dealt_before(std::int64_t batch, int lane) const {
  const base::EvenCuts full(batch_size_, layout_.tree.lanes());
  const base::EvenCuts cuts(batch_examples(batch), layout_.tree.lanes());
  const std::int64_t in_a_full_batch = full.start(layout_.lanes.last) - full.start(layout_.lanes.first);
  return static_cast<std::size_t>(batch * in_a_full_batch + cuts.start(lane) -
                                  cuts.start(layout_.lanes.first));
}

EpochDeal::Range EpochDeal::lane(std::int64_t batch, int lane) const {
  return {dealt_before(batch, lane), dealt_before(batch, lane + 1)};
}

EpochDeal::Range EpochDeal::own_lanes(std::int64_t batch) const {
  return {dealt_before(batch, layout_.lanes.first), dealt_before(batch, layout_.lanes.last)};
}

std::size_t EpochDeal::fixed_words() const {
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

std::size_t EpochDeal::message_words(std::size_t example) const {
  std::size_t words = fixed_words();
  for (const std::size_t feature : own_.features.lists)
    words += own_.features.values(example, feature).size();
  return words;
}

void EpochDeal::find_places(Range round) {
  const base::KeyedPermutation order(base::random_key(seed_, fmt::format("epoch {}", epoch_)),
                                     static_cast<std::uint64_t>(total_));
  positions_.resize(round.size());
  for (std::size_t i = 0; i < round.size(); ++i)
    positions_[i] = static_cast<std::uint64_t>(numbers_.of(round.first + i));
  order.apply(positions_);
  places_.resize(round.size());
  counts_.assign(static_cast<std::size_t>(layout_.ranks), 0);
  for (std::size_t i = 0; i < round.size(); ++i) {
    places_[i] = place(static_cast<std::int64_t>(positions_[i]));
    counts_[places_[i].rank] += message_words(round.first + i);
  }
}

std::uint32_t* EpochDeal::pack_example(std::size_t first, std::size_t index, std::uint64_t unknown_key,
                                       std::uint32_t* message) const {
  const features::FeatureRows& rows = own_.features;
  const std::size_t example = first + index;
  *message++ = places_[index].slot;
  *message++ = static_cast<std::uint32_t>(own_.items[example]);
  std::copy_n(rows.words.data() + example * rows.features, rows.features, message);
  if (unknown_.share > 0) make_unknown(unknown_key, positions_[index], message);
  std::uint32_t* const words = message;
  message += rows.features;
  if (has_weights_) *message++ = std::bit_cast<std::uint32_t>(own_.weights[example]);
  if (has_users_) *message++ = static_cast<std::uint32_t>(own_.users[example]);
  for (const std::size_t feature : rows.lists) {
    const std::span<const std::uint32_t> list = rows.list(words[feature]);
    words[feature] = static_cast<std::uint32_t>(list.size());
    message = std::ranges::copy(list, message).out;
  }
  return message;
}

void EpochDeal::pack(Range round) {
  find_places(round);
  std::vector<std::uint32_t*> next(counts_.size());
  outgoing_.resize(std::accumulate(counts_.begin(), counts_.end(), std::size_t{0}));
  std::uint32_t* start = outgoing_.data();
  for (std::size_t rank = 0; rank < counts_.size(); start += counts_[rank], ++rank) next[rank] = start;
  const std::uint64_t unknown_key = base::random_key(seed_, fmt::format("unknown ids of epoch {}", epoch_));
  for (std::size_t i = 0; i < round.size(); ++i) {
    std::uint32_t*& message = next[places_[i].rank];
    message = pack_example(round.first, i, unknown_key, message);
  }
}

const std::uint32_t* EpochDeal::unpack_example(const std::uint32_t* message) {
  features::FeatureRows& rows = dealt_.features;
  const std::size_t slot = *message++;
  dealt_.items[slot] = static_cast<std::int32_t>(*message++);
  std::uint32_t* const words = rows.words.data() + slot * rows.features;
  std::copy_n(message, rows.features, words);
  message += rows.features;
  if (has_weights_) dealt_.weights[slot] = std::bit_cast<float>(*message++);
  if (has_users_) dealt_.users[slot] = static_cast<std::int32_t>(*message++);
  for (const std::size_t feature : rows.lists) {
    const std::size_t length = words[feature];
    words[feature] = rows.add_list({message, length});
    message += length;
  }
  return message;
}

void EpochDeal::make_room() {
  const std::size_t expected = own_lanes(batches() - 1).last;
  dealt_.items.resize(expected);
  dealt_.features.words.resize(expected * own_.features.features);
  dealt_.features.pool.clear();
  if (has_weights_) dealt_.weights.resize(expected);
  if (has_users_) dealt_.users.resize(expected);
}

std::size_t EpochDeal::unpack() {
  std::size_t received = 0;
  const std::uint32_t* const end = incoming_.data() + incoming_.size();
  for (const std::uint32_t* message = incoming_.data(); message != end; ++received) {
    base::require(*message < dealt_.items.size(), "step: the deal gave this rank too many examples");
    message = unpack_example(message);
  }
  return received;
}

void EpochDeal::require_room() {
  if (own_.features.lists.empty()) return;
  if (communicator_.max(static_cast<std::int64_t>(words_received_)) <= features::FeatureRows::most_pool_words)
    return;
  throw mpi::AgreedError(base::ExitCode::data,
                         fmt::format("one rank's share of the training examples has more than {} words, the "
                                     "parts of texts and lists among them. Start more ranks.",
                                     features::FeatureRows::most_pool_words));
}

void EpochDeal::deal(std::int64_t epoch) {
  epoch_ = epoch;
  make_room();
  words_received_ = 0;
  std::size_t received = 0;
  for (std::size_t round = 0; round < rounds_; ++round) {
    pack(
        {std::min(round * round_examples, own_.size()), std::min((round + 1) * round_examples, own_.size())});
    communicator_.all_to_all(std::span<const std::uint32_t>(outgoing_), counts_, incoming_, received_counts_);
    words_received_ += incoming_.size();
    require_room();
    received += unpack();
  }
  base::require(received == dealt_.items.size(), "step: the deal gave this rank another number of examples");
}

}  // namespace gemel::step
