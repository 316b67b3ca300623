#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "evaluation/score_tiles.hpp"
#include "tensor/score_scan.hpp"

namespace gemel::evaluation {

/// Which candidates are ranked for a query: rows of the catalogue, ascending.
struct Choice {
  std::optional<std::span<const std::int32_t>> allowed;  ///< nothing: all
  std::span<const std::int32_t> left_out;                ///< of these
};

/// The best k candidates of a query [d], best first, with the bits that TopK has for them; fewer where there are no more. All candidates
/// are here; the threads of the team share them, where that is faster. k >= 1. Throws DivergedError for scores that are not finite. May
/// be called by several threads at once. It needs memory for k, not for the catalogue.
std::vector<tensor::ScoredRow> best_candidates(std::span<const float> query, const ScoreTiles& tiles,
                                               std::size_t k, const Choice& choice,
                                               const base::ThreadTeam& team);

}  // namespace gemel::evaluation
