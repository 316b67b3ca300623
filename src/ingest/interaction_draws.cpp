#include "ingest/interaction_draws.hpp"

#include <algorithm>
#include <array>
#include <boost/sort/spreadsort/integer_sort.hpp>
#include <span>
#include <unordered_map>

#include "base/random.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/inline_xxhash.hpp"

namespace gemel::ingest {
namespace {

/// Of what each of this rank's interactions is: equal ones have the same. Collective.
std::vector<std::uint64_t> hashes_of_interactions(const Dataset& dataset, mpi::Communicator& communicator) {
  const std::vector<std::uint64_t> items = hash_item_ids(dataset, communicator);
  const TextColumn& users = dataset.interactions.strings.at("user_id");
  const auto times = dataset.interactions.numbers.find("timestamp");
  const bool has_times = times != dataset.interactions.numbers.end();
  std::vector<std::uint64_t> hashes;
  hashes.reserve(dataset.item_rows.size());
  for (std::size_t i = 0; i < dataset.item_rows.size(); ++i) {
    hashes.push_back(hash_words<4>({users.hash(i), items[static_cast<std::size_t>(dataset.item_rows[i])],
                                    has_times ? static_cast<std::uint64_t>(times->second[i]) : 0,
                                    dataset.comes_split ? static_cast<std::uint64_t>(dataset.parts[i]) : 0}));
  }
  return hashes;
}

/// How many equal numbers come before each.
std::vector<std::uint32_t> count_earlier_equals(const std::vector<std::uint64_t>& hashes) {
  // Few hashes are there twice: those that are come from a sort of the hashes alone, and most others are told from them by a few bits.
  constexpr std::size_t filter_size = std::size_t{1} << 16;
  std::vector<std::uint64_t> sorted = hashes;
  boost::sort::spreadsort::integer_sort(sorted.begin(), sorted.end());
  std::vector<bool> may_be_twice(filter_size, false);
  std::unordered_map<std::uint64_t, std::uint32_t>
      times;  // of each hash that is there twice, how often it came
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] != sorted[i - 1]) continue;
    times.emplace(sorted[i], 0);
    may_be_twice[sorted[i] % filter_size] = true;
  }
  std::vector<std::uint32_t> earlier(hashes.size(), 0);
  if (times.empty()) return earlier;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (!may_be_twice[hashes[i] % filter_size]) continue;
    if (const auto found = times.find(hashes[i]); found != times.end()) earlier[i] = found->second++;
  }
  return earlier;
}

/// The same of the numbers of all ranks, in rank order, to each of this rank's. They travel in passes, so that little memory is needed beside
/// them. Collective.
std::vector<std::uint32_t> count_earlier_equals(const std::vector<std::uint64_t>& hashes,
                                                mpi::Communicator& communicator) {
  constexpr int passes = 8;
  std::vector<std::uint32_t> earlier(hashes.size());
  for (int pass = 0; pass < passes; ++pass) {
    std::vector<std::size_t> indices;
    std::vector<std::uint64_t> of_pass;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (pass_of_hash(hashes[i], communicator.size(), passes) != pass) continue;
      indices.push_back(i);
      of_pass.push_back(hashes[i]);
    }
    std::vector<std::size_t> sent;
    const std::vector<std::size_t> order = order_by_owner(of_pass, communicator.size(), sent);
    std::vector<std::uint64_t> outgoing;
    outgoing.reserve(order.size());
    for (const std::size_t place : order) outgoing.push_back(of_pass[place]);

    // What the owner gets is in the order of the data, as ranks have consecutive blocks of it (of each part, where it comes in parts).
    std::vector<std::size_t> received;
    const auto owned = communicator.all_to_all(std::span<const std::uint64_t>(outgoing), sent, received);
    const std::vector<std::uint32_t> of_owned = count_earlier_equals(owned);
    std::vector<std::uint32_t> answers(order.size());
    mpi::Pending pending;
    communicator.start_all_to_all(std::span<const std::uint32_t>(of_owned),
                                  std::span<const std::size_t>(received), std::span(answers),
                                  std::span<const std::size_t>(sent), pending);
    pending.wait();
    for (std::size_t i = 0; i < order.size(); ++i) earlier[indices[order[i]]] = answers[i];
  }
  return earlier;
}

}  // namespace

std::vector<std::uint64_t> hash_item_ids(const Dataset& dataset, mpi::Communicator& communicator) {
  const TextColumn& ids = dataset.catalogue.strings.at("item_id");
  std::vector<std::uint64_t> own;
  own.reserve(ids.size());
  for (std::size_t row = 0; row < ids.size(); ++row) own.push_back(hash_of(ids[row]));
  return communicator.all_gather_varying(std::span<const std::uint64_t>(own));
}

InteractionDraws::InteractionDraws(const Dataset& dataset, mpi::Communicator& communicator)
    : identities_(hashes_of_interactions(dataset, communicator)) {
  const std::vector<std::uint32_t> earlier = count_earlier_equals(identities_, communicator);
  for (std::size_t i = 0; i < earlier.size(); ++i)
    identities_[i] = hash_words<2>({identities_[i], earlier[i]});
}

std::vector<std::int64_t> InteractionDraws::draw(std::uint64_t seed, std::string_view purpose) const {
  const std::uint64_t key = base::random_key(seed, purpose);
  std::vector<std::int64_t> draws;
  draws.reserve(identities_.size());
  for (const std::uint64_t identity : identities_)
    draws.push_back(static_cast<std::int64_t>(hash_words<1>({identity}, key) >> 2));
  return draws;
}

}  // namespace gemel::ingest
