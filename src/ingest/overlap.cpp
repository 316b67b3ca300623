#include "ingest/overlap.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <vector>

#include "ingest/distinct_keys.hpp"
#include "ingest/distinct_strings.hpp"

namespace gemel::ingest {
namespace {

using Keys = std::vector<std::uint64_t>;

constexpr std::uint64_t no_key = std::numeric_limits<std::uint64_t>::max();

/// A key for each interaction of this rank, spread evenly over 64 bits: those of the same thing have the same.
using KeyOf = std::function<std::uint64_t(std::size_t own)>;

/// Compares the keys of a part with those of training; `least_unknown` becomes the least that training lacks, or no_key. Collective.
Overlap compare(const Split& split, Part part, const KeyOf& key_of, mpi::Communicator& communicator,
                std::uint64_t* least_unknown = nullptr) {
  Keys of_train;
  Keys of_part;
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (split.parts[own] == Part::train) of_train.push_back(key_of(own));
    if (split.parts[own] == part) of_part.push_back(key_of(own));
  }
  of_train = gather_owned_keys(std::move(of_train), communicator);
  of_part = gather_owned_keys(std::move(of_part), communicator);
  Keys unknown;
  std::ranges::set_difference(of_part, of_train, std::back_inserter(unknown));
  const auto distinct = static_cast<std::int64_t>(of_part.size());
  if (least_unknown != nullptr) {
    const std::vector<std::uint64_t> least =
        communicator.all_gather(unknown.empty() ? no_key : unknown.front());
    *least_unknown = std::ranges::min(least);
  }
  return {communicator.sum(distinct), communicator.sum(distinct - static_cast<std::int64_t>(unknown.size()))};
}

/// A text that some rank has, on all of them: that of the lowest such rank. Collective.
std::string first_of(const std::string& own, mpi::Communicator& communicator) {
  for (const std::string& text : communicator.all_gather(own)) {
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace

PartOverlap compare_with_training(const Dataset& dataset, const Split& split, Part part,
                                  mpi::Communicator& communicator) {
  const TextColumn& users = dataset.interactions.strings.at("user_id");
  const auto hash_words = [](const std::array<std::uint64_t, 2>& words) {
    return XXH3_64bits(words.data(), sizeof(words));
  };
  const auto item_of = [&](std::size_t own) { return static_cast<std::uint64_t>(dataset.item_rows[own]); };
  const KeyOf user_key = [&](std::size_t own) { return users.hash(own); };
  const KeyOf item_key = [&](std::size_t own) { return hash_words({item_of(own), 0}); };
  const KeyOf pair_key = [&](std::size_t own) { return hash_words({user_key(own), item_of(own)}); };

  PartOverlap overlap;
  std::uint64_t unknown = no_key;
  overlap.users = compare(split, part, user_key, communicator, &unknown);
  overlap.items = compare(split, part, item_key, communicator);
  overlap.pairs = compare(split, part, pair_key, communicator);
  std::string unknown_user;
  std::string training_user;
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (unknown != no_key && split.parts[own] == part && user_key(own) == unknown) unknown_user = users[own];
    if (training_user.empty() && split.parts[own] == Part::train) training_user = users[own];
  }
  overlap.unknown_user = first_of(unknown_user, communicator);
  overlap.training_user = first_of(training_user, communicator);
  return overlap;
}

}  // namespace gemel::ingest
