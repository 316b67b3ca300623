#include "evaluation/user_queries.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <span>

#include "base/error.hpp"
#include "exchange/exact_sum.hpp"

namespace gemel::evaluation {
namespace {

constexpr std::int32_t nowhere = std::numeric_limits<std::int32_t>::max();

ingest::UserHistory test_items(const features::Examples& own, mpi::Communicator& communicator) {
  base::require(own.users.size() == own.size(), "evaluation: the examples have no users");
  std::int64_t users = 0;
  for (const std::int32_t user : own.users) users = std::max<std::int64_t>(users, user + std::int64_t{1});
  return {communicator.max(users), own.users, own.items, communicator};
}

/// Own examples that are the first of their user on this rank, in order.
std::vector<std::size_t> first_examples(const features::Examples& own, std::int64_t users) {
  std::vector<bool> met(static_cast<std::size_t>(users), false);
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const auto user = static_cast<std::size_t>(own.users[i]);
    if (!met[user]) first.push_back(i);
    met[user] = true;
  }
  return first;
}

/// Where the examples `first` stand among those of all ranks.
std::vector<std::int64_t> places_of(const features::Examples& own, std::span<const std::size_t> first,
                                    mpi::Communicator& communicator) {
  const std::int64_t before = communicator.sum_before(std::ssize(own.items));
  std::vector<std::int64_t> places;
  for (const std::size_t i : first)
    places.push_back(own.places.empty() ? before + static_cast<std::int64_t>(i) : own.places[i]);
  return places;
}

/// The place of every user's first example of all ranks, given those of this rank.
std::vector<std::int64_t> first_places(std::span<const std::int32_t> mine,
                                       std::span<const std::int64_t> places, std::int64_t users,
                                       mpi::Communicator& communicator) {
  const auto all = communicator.all_gather_varying(mine);
  const auto all_places = communicator.all_gather_varying(places);
  std::vector<std::int64_t> first(static_cast<std::size_t>(users), std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::int64_t& place = first[static_cast<std::size_t>(all[i])];
    place = std::min(place, all_places[i]);
  }
  return first;
}

}  // namespace

UserQueries::UserQueries(const features::Examples& own, mpi::Communicator& communicator)
    : relevant_(test_items(own, communicator)) {
  const std::vector<std::size_t> first = first_examples(own, relevant_.users());
  std::vector<std::int32_t> users;
  for (const std::size_t i : first) users.push_back(own.users[i]);
  const std::vector<std::int64_t> places = places_of(own, first, communicator);
  const auto firsts = first_places(users, places, relevant_.users(), communicator);
  own_.features = own.features.empty_like();
  for (std::size_t k = 0; k < first.size(); ++k) {
    const std::size_t i = first[k];
    if (places[k] != firsts[static_cast<std::size_t>(own.users[i])]) continue;
    own_.features.append(own.features, i);
    own_.items.push_back(own.items[i]);
    own_.users.push_back(own.users[i]);
  }
}

UserMetrics::UserMetrics(const std::vector<Metric>& metrics, const ingest::UserHistory& relevant,
                         std::size_t catalogue_size)
    : relevant_(relevant), best_places_(catalogue_size, nowhere) {
  std::ranges::copy_if(metrics, std::back_inserter(metrics_), &Metric::is_of_users);
  of_users_.resize(metrics_.size());
}

void UserMetrics::add(std::int32_t user, TopK::List list) {
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto item = static_cast<std::int32_t>(tensor::row_of(list[i]));
    if (relevant_.contains(user, item)) places.push_back(static_cast<std::int64_t>(i + 1));
    std::int32_t& best = best_places_[static_cast<std::size_t>(item)];
    best = std::min(best, static_cast<std::int32_t>(i + 1));
  }
  const auto relevant = static_cast<std::int64_t>(relevant_.items(user).size());
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (metrics_[i].kind == MetricKind::coverage) continue;
    of_users_[i].push_back(user_metric(metrics_[i], places, relevant));
  }
  ++users_;
}

MetricValues UserMetrics::values(mpi::Communicator& communicator) const {
  const auto users = static_cast<double>(communicator.sum(users_));
  MetricValues values;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const bool is_coverage = metrics_[i].kind == MetricKind::coverage;
    const double sum = is_coverage ? coverage(metrics_[i].k, communicator)
                                   : exchange::exact_sum(of_users_[i], communicator) / users;
    values.emplace_back(metrics_[i], users > 0 ? sum : std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

double UserMetrics::coverage(std::int64_t k, mpi::Communicator& communicator) const {
  std::vector<std::int64_t> ranks_that_show(best_places_.size());
  std::ranges::transform(best_places_, ranks_that_show.begin(),
                         [&](std::int32_t place) { return place <= k && place != nowhere ? 1 : 0; });
  communicator.sum(std::span(ranks_that_show));
  const auto shown = std::ranges::count_if(ranks_that_show, [](std::int64_t ranks) { return ranks > 0; });
  return static_cast<double>(shown) / static_cast<double>(std::max<std::size_t>(best_places_.size(), 1));
}

}  // namespace gemel::evaluation
