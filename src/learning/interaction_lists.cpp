#include "learning/interaction_lists.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "base/radix_sort.hpp"

namespace gemel::learning {
namespace {

constexpr std::size_t round_pairs = std::size_t{1} << 19;  // that a rank deals at a time
constexpr std::int64_t most_buckets = 1 << 16;             // of rows, by which they are balanced

/// The rank in whose block a row is.
std::size_t owner_of(std::int64_t row, std::span<const std::int64_t> blocks) {
  return static_cast<std::size_t>(std::ranges::upper_bound(blocks, row) - blocks.begin()) - 1;
}

template <class T>
void append(std::vector<T>& all, const std::vector<T>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

/// Deals the pairs [first, last) and appends what comes. Collective.
void deal_round(const Interactions& own, std::size_t first, std::size_t last, bool has_weights,
                std::span<const std::int64_t> blocks, mpi::Communicator& communicator, Interactions& dealt) {
  std::vector<std::uint32_t> owners(last - first);
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  for (std::size_t i = first; i < last; ++i) {
    owners[i - first] = static_cast<std::uint32_t>(owner_of(own.rows[i], blocks));
    ++counts[owners[i - first]];
  }
  std::vector<std::size_t> places(counts.size(), 0);
  for (std::size_t rank = 1; rank < counts.size(); ++rank) places[rank] = places[rank - 1] + counts[rank - 1];
  std::vector<std::size_t> order(last - first);
  for (std::size_t i = first; i < last; ++i) order[places[owners[i - first]]++] = i;

  const auto deal = [&]<class T>(const std::vector<T>& values, std::vector<T>& received) {
    std::vector<T> sent(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) sent[i] = values[order[i]];
    std::vector<std::size_t> receive_counts;
    append(received, communicator.all_to_all(std::span<const T>(sent), std::span<const std::size_t>(counts),
                                             receive_counts));
  };
  deal(own.rows, dealt.rows);
  deal(own.columns, dealt.columns);
  if (has_weights) deal(own.weights, dealt.weights);
}

/// The order of the pairs by row, then column.
std::vector<std::uint32_t> sorted_order(const Interactions& pairs) {
  std::vector<std::uint64_t> keys(pairs.size());
  std::vector<std::uint64_t> spare;
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = std::uint64_t{pairs.columns[i]} << 32 | i;
  base::sort_by_upper_half(keys, spare);
  for (std::uint64_t& key : keys) {
    const auto pair = static_cast<std::uint32_t>(key);
    key = std::uint64_t{pairs.rows[pair]} << 32 | pair;
  }
  base::sort_by_upper_half(keys, spare);
  std::vector<std::uint32_t> order(keys.size());
  std::ranges::transform(keys, order.begin(),
                         [](std::uint64_t key) { return static_cast<std::uint32_t>(key); });
  return order;
}

}  // namespace

std::vector<std::int64_t> balanced_blocks(const Interactions& own, std::int64_t rows, double base_cost,
                                          mpi::Communicator& communicator) {
  const auto buckets = static_cast<int>(std::min(std::max<std::int64_t>(rows, 1), most_buckets));
  const base::EvenCuts cuts(rows, buckets);
  std::vector<std::int64_t> counts(static_cast<std::size_t>(buckets), 0);
  for (const std::uint32_t row : own.rows) ++counts[static_cast<std::size_t>(cuts.part_of(row))];
  communicator.sum(std::span(counts));
  const auto cost = [&](int bucket) {
    return static_cast<double>(counts[static_cast<std::size_t>(bucket)]) +
           base_cost * static_cast<double>(cuts.start(bucket + 1) - cuts.start(bucket));
  };
  double whole = 0;
  for (int bucket = 0; bucket < buckets; ++bucket) whole += cost(bucket);
  std::vector<std::int64_t> blocks = {0};
  double before = 0;
  for (int bucket = 0; bucket < buckets; ++bucket) {
    before += cost(bucket);
    while (std::ssize(blocks) < communicator.size() &&
           before >= whole * static_cast<double>(blocks.size()) / communicator.size())
      blocks.push_back(cuts.start(bucket + 1));
  }
  blocks.resize(static_cast<std::size_t>(communicator.size()) + 1, rows);
  blocks.back() = rows;
  return blocks;
}

InteractionLists::InteractionLists(const Interactions& own, std::span<const std::int64_t> blocks,
                                   mpi::Communicator& communicator)
    : rows_{blocks[static_cast<std::size_t>(communicator.rank())],
            blocks[static_cast<std::size_t>(communicator.rank()) + 1]} {
  const std::int64_t rounds =
      communicator.max(static_cast<std::int64_t>((own.size() + round_pairs - 1) / round_pairs));
  const bool has_weights = communicator.max(std::int64_t{own.weights.empty() ? 0 : 1}) != 0;
  Interactions dealt;
  for (std::size_t round = 0; round < static_cast<std::size_t>(rounds); ++round) {
    const std::size_t first = std::min(round * round_pairs, own.size());
    deal_round(own, first, std::min(first + round_pairs, own.size()), has_weights, blocks, communicator,
               dealt);
  }
  base::require(dealt.size() <= std::numeric_limits<std::uint32_t>::max(),
                "learning: too many pairs for one rank");
  append(dealt, sorted_order(dealt));
}

/// Takes the pairs in their order, those of equal row and column as one.
void InteractionLists::append(const Interactions& pairs, std::span<const std::uint32_t> order) {
  columns_.reserve(order.size());
  weights_.reserve(order.size());
  std::vector<float>
      equal;  // weights of the pairs that are one; their order is made the same on any number of ranks
  std::size_t next = 0;
  for (std::int64_t row = rows_.first; row < rows_.last; ++row) {
    starts_.push_back(columns_.size());
    while (next < order.size() && pairs.rows[order[next]] == static_cast<std::uint32_t>(row)) {
      const std::uint32_t column = pairs.columns[order[next]];
      equal.clear();
      for (; next < order.size() && pairs.rows[order[next]] == static_cast<std::uint32_t>(row) &&
             pairs.columns[order[next]] == column;
           ++next)
        equal.push_back(pairs.weights.empty() ? 1.0F : pairs.weights[order[next]]);
      std::ranges::sort(equal);
      columns_.push_back(column);
      weights_.push_back(0.0F);
      for (const float weight : equal) weights_.back() += weight;
    }
  }
  starts_.push_back(columns_.size());
}

}  // namespace gemel::learning
