#include "ingest/overlap.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <vector>

#include "ingest/distinct_keys.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/inline_xxhash.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/trained_sample.hpp"

namespace gemel::ingest {
namespace {

using Keys = std::vector<std::uint64_t>;

constexpr std::uint64_t no_key = std::numeric_limits<std::uint64_t>::max();

/// What interactions are of, such as users: how many there are on this rank, which one an interaction is of, and the key of one. Keys are
/// spread evenly over 64 bits; those of the same thing have the same on every rank.
struct Things {
  std::size_t count = 0;
  std::function<std::size_t(std::size_t own)> of;
  std::function<std::uint64_t(std::size_t thing)> key;
};

/// The keys of the things that this rank's interactions of a part are of, each once.
Keys keys_of(const Split& split, Part part, const Things& things) {
  std::vector<bool> is_there(things.count, false);
  Keys keys;
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (split.parts[own] != part) continue;
    const std::size_t thing = things.of(own);
    if (!is_there[thing]) keys.push_back(things.key(thing));
    is_there[thing] = true;
  }
  return keys;
}

/// Compares the keys of a part with those of training, each once, as their owners have them; `least_unknown` becomes the least key that
/// training lacks, or no_key. Collective.
Overlap compare(const Keys& of_train, const Keys& of_part, mpi::Communicator& communicator,
                std::uint64_t* least_unknown = nullptr) {
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

/// Collective.
Overlap compare_things(const Split& split, Part part, const Things& things, mpi::Communicator& communicator,
                       std::uint64_t* least_unknown = nullptr) {
  return compare(gather_owned_keys(keys_of(split, Part::train, things), communicator),
                 gather_owned_keys(keys_of(split, part, things), communicator), communicator, least_unknown);
}

/// Compares keys of interactions themselves: in passes, so that little memory is needed beside them. Collective.
Overlap compare_interactions(const Split& split, Part part, const Keys& keys,
                             mpi::Communicator& communicator) {
  constexpr int passes = 8;
  Overlap overlap;
  for (int pass = 0; pass < passes; ++pass) {
    Keys of_train;
    Keys of_part;
    for (std::size_t own = 0; own < keys.size(); ++own) {
      if (pass_of_hash(keys[own], communicator.size(), passes) != pass) continue;
      if (split.is_train(own)) of_train.push_back(keys[own]);
      if (split.parts[own] == part) of_part.push_back(keys[own]);
    }
    const Overlap of_pass = compare(gather_owned_keys(std::move(of_train), communicator),
                                    gather_owned_keys(std::move(of_part), communicator), communicator);
    overlap.distinct += of_pass.distinct;
    overlap.in_training += of_pass.in_training;
  }
  return overlap;
}

}  // namespace

PartOverlap compare_with_training(const Dataset& dataset, const Split& split, Part part,
                                  mpi::Communicator& communicator) {
  const TextColumn& users = dataset.interactions.strings.at("user_id");
  const auto item_of = [&](std::size_t own) { return static_cast<std::size_t>(dataset.item_rows[own]); };
  const Things all_users = {.count = users.distinct().size(),
                            .of = [&](std::size_t own) { return users.codes()[own]; },
                            .key = [&](std::size_t user) { return users.hashes()[user]; }};
  const Things items = {.count = static_cast<std::size_t>(dataset.catalogue_total),
                        .of = item_of,
                        .key = [&](std::size_t item) {
                          return hash_words<2>({item, 0});
                        }};
  Keys pairs;
  pairs.reserve(split.parts.size());
  for (std::size_t own = 0; own < split.parts.size(); ++own)
    pairs.push_back(hash_words<2>({users.hash(own), item_of(own)}));

  PartOverlap overlap;
  std::uint64_t unknown = no_key;
  overlap.users = compare_things(split, part, all_users, communicator, &unknown);
  overlap.items = compare_things(split, part, items, communicator);
  overlap.pairs = compare_interactions(split, part, pairs, communicator);
  std::string unknown_user;
  std::string training_user;
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (unknown != no_key && split.parts[own] == part && users.hash(own) == unknown)
      unknown_user = users[own];
    if (training_user.empty() && split.parts[own] == Part::train) training_user = users[own];
  }
  overlap.unknown_user = first_text(unknown_user, communicator);
  overlap.training_user = first_text(training_user, communicator);
  return overlap;
}

void store_split(const SplitSettings& settings, const Split& split, Dataset& dataset,
                 mpi::Communicator& communicator) {
  StoredSplit stored = {.settings = settings,
                        .borders = split.borders,
                        .parts = split.parts,
                        .overlaps = {},
                        .trained = sample_training(dataset, split, {}, communicator)};
  for (const Part part : {Part::validation, Part::test})
    if (split.size(part) > 0)
      stored.overlaps[part] = compare_with_training(dataset, split, part, communicator);
  dataset.stored_split = std::move(stored);
}

PartOverlap overlap_with_training(const Dataset& dataset, const Split& split, Part part,
                                  mpi::Communicator& communicator) {
  if (!split.is_stored) return compare_with_training(dataset, split, part, communicator);
  const std::map<Part, PartOverlap>& overlaps = dataset.stored_split.value().overlaps;
  const auto stored = overlaps.find(part);
  return stored == overlaps.end() ? compare_with_training(dataset, split, part, communicator)
                                  : stored->second;
}

}  // namespace gemel::ingest
