#include "ingest/trained_sample.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/error.hpp"
#include "ingest/dataset.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/inline_xxhash.hpp"
#include "ingest/interaction_draws.hpp"
#include "ingest/split.hpp"

namespace gemel::ingest {
namespace {

/// Of an interaction: of its user, item and time, and of its user and item.
struct Hashes {
  std::uint64_t interaction = 0;
  std::uint64_t pair = 0;

  auto operator<=>(const Hashes&) const = default;
};

/// Of this rank's interactions.
class InteractionHashes {
 public:
  /// Collective.
  InteractionHashes(const Dataset& dataset, mpi::Communicator& communicator)
      : dataset_(dataset),
        users_(dataset.interactions.strings.at("user_id")),
        items_(hash_item_ids(dataset, communicator)) {
    const auto times = dataset.interactions.numbers.find("timestamp");
    if (times != dataset.interactions.numbers.end()) times_ = times->second;
  }

  Hashes of(std::size_t own) const {
    const std::uint64_t item = items_[static_cast<std::size_t>(dataset_.item_rows[own])];
    const std::uint64_t pair = hash_words<2>({users_.hash(own), item});
    return {hash_words<2>({pair, times_.empty() ? 0 : static_cast<std::uint64_t>(times_[own])}), pair};
  }

 private:
  const Dataset& dataset_;
  const TextColumn& users_;
  std::vector<std::uint64_t> items_;
  std::span<const std::int64_t> times_;
};

/// Keeps the least distinct ones.
void keep_least(std::vector<Hashes>& all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() > TrainedSample::most) all.resize(TrainedSample::most);
}

void add(const TrainedSample& sample, std::vector<Hashes>& all) {
  for (std::size_t i = 0; i < sample.pairs.size(); ++i)
    all.push_back({sample.interactions[i], sample.pairs[i]});
}

/// Those of all ranks' training examples. Collective.
std::vector<Hashes> least_of_training(const Dataset& dataset, const Split& split,
                                      mpi::Communicator& communicator) {
  const InteractionHashes hashes(dataset, communicator);
  std::vector<Hashes> least;
  std::optional<Hashes> most;  // what is above it cannot be among them
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (!split.is_train(own)) continue;
    const Hashes one = hashes.of(own);
    if (most && *most < one) continue;
    least.push_back(one);
    if (least.size() < 4 * TrainedSample::most) continue;
    keep_least(least);
    if (least.size() == TrainedSample::most) most = least.back();
  }
  keep_least(least);
  return communicator.all_gather_varying(std::span<const Hashes>(least));
}

}  // namespace

TrainedSample sample_training(const Dataset& dataset, const Split& split, const TrainedSample& earlier,
                              mpi::Communicator& communicator) {
  std::vector<Hashes> least;
  if (split.is_stored) {
    add(dataset.stored_split.value().trained, least);
  } else {
    least = least_of_training(dataset, split, communicator);
  }
  add(earlier, least);
  keep_least(least);
  TrainedSample sample;
  for (const auto& [interaction, pair] : least) {
    sample.interactions.push_back(interaction);
    sample.pairs.push_back(pair);
  }
  return sample;
}

SampleFate find_sample(const TrainedSample& sample, const Dataset& dataset, const Split& split,
                       mpi::Communicator& communicator) {
  base::require(sample.pairs.size() == sample.interactions.size(),
                "ingest: a sample with half of its hashes");
  std::unordered_map<std::uint64_t, std::size_t> by_pair;  // several of one pair: the first stands for all
  std::unordered_map<std::uint64_t, std::size_t> by_interaction;
  for (std::size_t i = 0; i < sample.pairs.size(); ++i) {
    by_pair.emplace(sample.pairs[i], i);
    by_interaction.emplace(sample.interactions[i], i);
  }
  const InteractionHashes hashes(dataset, communicator);
  std::vector<std::int64_t> counts(3 * sample.pairs.size(),
                                   0);  // of each: in training, held out, of its pair
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    const auto [interaction, pair] = hashes.of(own);
    if (const auto found = by_pair.find(pair); found != by_pair.end()) ++counts[3 * found->second + 2];
    const auto found = by_interaction.find(interaction);
    if (found != by_interaction.end()) ++counts[3 * found->second + (split.is_train(own) ? 0 : 1)];
  }
  communicator.sum(std::span(counts));
  SampleFate fate;
  for (std::size_t i = 0; i < sample.pairs.size(); ++i) {
    const std::size_t of_pair = by_pair.at(sample.pairs[i]);
    if (counts[3 * i] > 0) {
      ++fate.in_training;
    } else if (counts[3 * i + 1] > 0) {
      ++fate.held_out;
    } else if (counts[3 * of_pair + 2] > 0) {
      ++fate.at_another_time;
    } else {
      ++fate.absent;
    }
  }
  return fate;
}

}  // namespace gemel::ingest
