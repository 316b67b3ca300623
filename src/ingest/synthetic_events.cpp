#include "ingest/synthetic_events.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace gemel::ingest {
namespace {

/// Likings of a user, and the one that a draw of eight hits: some are stronger.
constexpr std::int64_t likings = 4;
constexpr std::array<std::int64_t, 8> liking_of = {0, 0, 0, 1, 1, 2, 2, 3};
constexpr auto liking_draws = static_cast<std::int64_t>(liking_of.size());
/// Favourites of even numbers are from the liked niches, the others from anywhere.
constexpr std::int64_t favourites = 2 * liking_draws;

/// Shares of the interactions; the rest is with favourites.
constexpr double strays = 0.05;
constexpr double explorations = 0.05;

constexpr std::int64_t hour = 60 * 60;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t first_second = 874724710;  // 20 September 1997, when MovieLens 100k begins
constexpr std::int64_t span = 213 * day;
constexpr std::int64_t active_span = 7 * day;
constexpr std::int64_t visits = 8;

/// Of [0, bound), the first ones more often: the density falls as the cube root.
std::int64_t uneven(double uniform, std::int64_t bound) {
  return SyntheticDraws::scale(uniform * std::sqrt(uniform), bound);
}

}  // namespace

SyntheticEvents::SyntheticEvents(const SyntheticOptions& options, const SyntheticItems& items)
    : options_(options),
      items_(items),
      who_(options.seed, "synthetic user"),
      liked_genre_(options.seed, "synthetic liked genre"),
      liked_niche_(options.seed, "synthetic liked niche"),
      favourite_niche_(options.seed, "synthetic favourite niche"),
      favourite_item_(options.seed, "synthetic favourite item"),
      first_day_(options.seed, "synthetic first day"),
      visit_(options.seed, "synthetic visit"),
      visit_begin_(options.seed, "synthetic visit begin"),
      time_(options.seed, "synthetic time"),
      reason_(options.seed, "synthetic reason"),
      niche_(options.seed, "synthetic niche"),
      item_(options.seed, "synthetic item"),
      rating_(options.seed, "synthetic rating") {}

std::int64_t SyntheticEvents::liked_niche(std::int64_t user, std::int64_t liking) const {
  const std::int64_t of_genre = liking < 2 ? 0 : liking;  // the first two are of one genre
  const std::int64_t genre = uneven(liked_genre_.uniform(likings * user + of_genre), items_.genres());
  return items_.niche_of(genre,
                         uneven(liked_niche_.uniform(likings * user + liking), items_.niches_of(genre)));
}

std::int64_t SyntheticEvents::favourite(std::int64_t user, std::int64_t index) const {
  const std::int64_t counter = favourites * user + index;
  const std::int64_t niche = index % 2 == 0
                                 ? liked_niche(user, liking_of[static_cast<std::size_t>(index / 2)])
                                 : favourite_niche_.below(items_.niches(), counter);
  return items_.row_in_niche(niche, favourite_item_.uniform(counter));
}

std::int64_t SyntheticEvents::timestamp(std::int64_t user, std::int64_t index) const {
  const std::int64_t visit = visit_.below(visits, index);
  return first_second + first_day_.below(span - active_span, user) +
         visit_begin_.below(active_span - hour, visits * user + visit) + time_.below(hour, index);
}

SyntheticEvent SyntheticEvents::event(std::int64_t index) const {
  const std::int64_t user = uneven(who_.uniform(index), options_.users);
  const std::int64_t time = timestamp(user, index);
  const double reason = reason_.uniform(index);
  if (reason < strays) {
    const std::int64_t niche = niche_.below(items_.niches(), index);
    return {user, items_.row_in_niche(niche, item_.uniform(index)), 1 + rating_.below(5, index), time};
  }
  if (reason < strays + explorations) {
    const std::int64_t liking = liking_of[static_cast<std::size_t>(niche_.below(liking_draws, index))];
    return {user, items_.row_in_niche(liked_niche(user, liking), item_.uniform(index)),
            3 + rating_.below(3, index), time};
  }
  return {user, favourite(user, item_.below(favourites, index)), 4 + rating_.below(2, index), time};
}

std::vector<double> SyntheticEvents::preferences(std::int64_t user) const {
  std::vector<double> of_niche(static_cast<std::size_t>(items_.niches()),
                               strays / static_cast<double>(items_.niches()));
  for (const std::int64_t liking : liking_of) {
    of_niche[static_cast<std::size_t>(liked_niche(user, liking))] +=
        explorations / static_cast<double>(liking_draws);
  }
  std::vector<double> of_row(static_cast<std::size_t>(items_.size()));
  for (std::int64_t row = 0; row < items_.size(); ++row) {
    of_row[static_cast<std::size_t>(row)] =
        of_niche[static_cast<std::size_t>(items_.niche_of_row(row))] * items_.probability_in_niche(row);
  }
  for (std::int64_t index = 0; index < favourites; ++index) {
    of_row[static_cast<std::size_t>(favourite(user, index))] +=
        (1 - strays - explorations) / static_cast<double>(favourites);
  }
  return of_row;
}

}  // namespace gemel::ingest
