#include "evaluation/query_search.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"

namespace gemel::evaluation {
namespace {

using List = std::vector<tensor::ScoredRow>;

/// Candidates that are worth a thread: fewer are scored sooner than another thread is there.
constexpr std::size_t least_values_of_thread = std::size_t{1} << 18;

/// Takes ascending numbers range by range, which ascend too.
class Walk {
 public:
  Walk(std::span<const std::int32_t> rows, std::size_t from)
      : rest_(rows.subspan(
            static_cast<std::size_t>(std::ranges::lower_bound(rows, from, {}, to_size) - rows.begin()))) {}

  /// Those below `end` that have not been taken.
  std::span<const std::int32_t> take_below(std::size_t end) {
    std::size_t count = 0;
    while (count < rest_.size() && to_size(rest_[count]) < end) ++count;
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  static std::size_t to_size(std::int32_t row) { return static_cast<std::size_t>(row); }

  std::span<const std::int32_t> rest_;
};

/// Gives what is not ranked the least of all scores.
class Mask {
 public:
  Mask(const Choice& choice, std::size_t first_row)
      : is_all_(!choice.allowed),
        allowed_(choice.allowed.value_or(std::span<const std::int32_t>()), first_row),
        left_out_(choice.left_out, first_row) {}

  /// Of candidates that come next, up to row `end`. Returns whether any is ranked.
  bool begin(std::size_t end) {
    if (!is_all_) allowed_here_ = allowed_.take_below(end);
    left_out_here_ = left_out_.take_below(end);
    return is_all_ || !allowed_here_.empty();
  }

  /// Of these, whose first row is `first`. Returns how many are ranked.
  std::size_t apply(std::size_t first, std::span<float> scores) const {
    constexpr float none = -std::numeric_limits<float>::infinity();
    const auto place = [first](std::int32_t row) { return static_cast<std::size_t>(row) - first; };
    std::size_t ranked = scores.size();
    if (!is_all_) {
      std::size_t next = 0;
      for (const std::int32_t row : allowed_here_) {
        std::ranges::fill(scores.subspan(next, place(row) - next), none);
        next = place(row) + 1;
      }
      std::ranges::fill(scores.subspan(next), none);
      ranked = allowed_here_.size();
    }
    for (const std::int32_t row : left_out_here_) {
      if (!is_all_ && !std::ranges::binary_search(allowed_here_, row)) continue;
      scores[place(row)] = none;
      --ranked;
    }
    return ranked;
  }

 private:
  bool is_all_;
  Walk allowed_;
  Walk left_out_;
  std::span<const std::int32_t> allowed_here_;
  std::span<const std::int32_t> left_out_here_;
};

/// Of the tiles [first, last).
List best_of_tiles(tensor::ConstMatrixView query, const ScoreTiles& tiles, std::size_t k,
                   const Choice& choice, std::int64_t first, std::int64_t last) {
  constexpr std::size_t tile = ScoreTiles::tile_candidates;
  tensor::BestRows best(k);
  std::size_t ranked = 0;
  const auto start = static_cast<std::size_t>(first) * tile;
  const std::size_t end = std::min(static_cast<std::size_t>(last) * tile, tiles.shard().count);
  Mask mask(choice, start);
  for (std::size_t row = start; row < end; row += tile) {
    if (!mask.begin(row + tile)) continue;
    tiles.for_each(query, row, std::min(row + tile, end),
                   [&](std::size_t, std::size_t first_row, std::span<float> scores) {
                     ranked += mask.apply(first_row, scores);
                     best.scan(scores, static_cast<std::uint32_t>(first_row));
                   });
  }
  List list(k);
  const std::size_t found = best.take(list);
  if (found != std::min(k, ranked) || (found > 0 && !std::isfinite(tensor::score_of(list.front()))))
    tensor::throw_not_finite();
  list.resize(found);
  return list;
}

}  // namespace

std::vector<tensor::ScoredRow> best_candidates(std::span<const float> query, const ScoreTiles& tiles,
                                               std::size_t k, const Choice& choice,
                                               const base::ThreadTeam& team) {
  base::require(k >= 1, "evaluation: the best 0 are none");
  const std::size_t candidates = tiles.shard().count;
  const std::size_t most = std::min(k, candidates);
  if (most == 0) return {};
  const tensor::ConstMatrixView one(query.data(), 1, query.size());
  const std::size_t all_tiles = (candidates + ScoreTiles::tile_candidates - 1) / ScoreTiles::tile_candidates;
  const std::size_t worth = 1 + candidates * query.size() / least_values_of_thread;
  const base::EvenCuts parts(static_cast<std::int64_t>(all_tiles),
                             static_cast<int>(std::min(worth, static_cast<std::size_t>(team.threads()))));
  std::vector<List> lists(static_cast<std::size_t>(parts.parts()));
  team.for_each(parts.parts(), [&](int part, int) {
    lists[static_cast<std::size_t>(part)] =
        best_of_tiles(one, tiles, most, choice, parts.start(part), parts.start(part + 1));
  });
  List best = std::move(lists.front());
  for (std::size_t part = 1; part < lists.size(); ++part) {
    const auto middle = static_cast<std::ptrdiff_t>(best.size());
    best.insert(best.end(), lists[part].begin(), lists[part].end());
    std::inplace_merge(best.begin(), best.begin() + middle, best.end(), std::greater<>());
    if (best.size() > most) best.resize(most);
  }
  return best;
}

}  // namespace gemel::evaluation
