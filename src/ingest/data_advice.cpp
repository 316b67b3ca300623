#include "ingest/data_advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "ingest/date_text.hpp"
#include "ingest/time_unit.hpp"

namespace gemel::ingest {
namespace {

double share(std::int64_t some, std::int64_t all) {
  return all > 0 ? static_cast<double>(some) / static_cast<double>(all) : 0;
}

/// "17 of 200 interactions (8.5 %)"
std::string of_interactions(std::int64_t some, std::int64_t all) {
  return fmt::format("{} of {} interactions ({:.1f} %)", some, all, 100 * share(some, all));
}

/// Finds what is wrong with one thing after another.
class Finder {
 public:
  explicit Finder(const DataSummary& data) : data_(data) {}

  std::vector<Mistake> run() {
    look_at_ids("user", data_.user_ids, data_.users);
    look_at_ids("item", data_.item_ids, data_.items);
    look_at_sameness();
    if (data_.times)
      std::ranges::move(find_mistakes_of_times(*data_.times, data_.interactions), std::back_inserter(found_));
    look_at_ratings();
    look_at_pairs();
    look_at_busiest("user", data_.user, data_.users);
    look_at_busiest("item", data_.item, data_.items - data_.popularity.with_none);
    look_at_rare();
    return std::move(found_);
  }

 private:
  void add(std::string what, std::string remedy) { found_.push_back({std::move(what), std::move(remedy)}); }

  std::string of_all(std::int64_t some) const { return of_interactions(some, data_.interactions); }

  void look_at_ids(const char* whose, const IdSummary& ids, std::int64_t all) {
    if (ids.rows_missing > 0) {
      add(fmt::format("{} have no {}: its id is {} or the like", of_all(ids.rows_missing), whose,
                      ids.missing),
          fmt::format("They all count as one {}. Leave them out where the file is written", whose));
    }
    if (2 * ids.like_floats > all) {
      add(fmt::format("{} of {} {} ids are whole numbers that end in .0, as pandas writes columns with gaps",
                      ids.like_floats, all, whose),
          "In other files the same ids may stand without it. Write them as whole numbers: "
          "frame.astype({column: 'Int64'})");
    }
  }

  void look_at_sameness() {
    if (!data_.same_ids) return;
    if (data_.pairs == data_.users) {
      add(fmt::format("every one of the {} users has one item, and users and items are the same ids",
                      data_.users),
          "The same column may be read twice, or lines are in the way: look at --columns and at the first "
          "message of this command");
    } else {
      add(fmt::format("users and items are the same {} ids", data_.users),
          "Unless people follow people here, one of the columns is the wrong one: --columns says which is "
          "which");
    }
  }

  void look_at_ratings() {
    const std::vector<ValueBin>& ratings = data_.ratings;
    if (ratings.size() == 1 && data_.interactions > 1) {
      add(fmt::format("all ratings are {}", ratings[0].least),
          "They tell nothing: as weights they are all the same, and --min-rating cannot choose");
    }
    if (ratings.size() > 2 && ratings[0].least == 0 && ratings[0].most == 0 &&
        share(ratings[0].values, data_.interactions) > 0.3) {
      add(fmt::format("{} have the rating 0", of_all(ratings[0].values)),
          "Where 0 means \"not rated\", it is no low rating: --min-rating and --weight-column rating would "
          "take it for one");
    }
  }

  void look_at_pairs() {
    const std::int64_t repeats = data_.interactions - data_.pairs;
    if (share(data_.copies, data_.interactions) > 0.01) {
      add(fmt::format("{} are copies of another one: the same user, item, time and rating",
                      of_all(data_.copies)),
          "Perhaps a file was appended twice. Leave them out: --duplicates first");
    } else if (share(repeats, data_.interactions) > 0.01) {
      add(fmt::format("{} repeat an item that the user had before", of_all(repeats)),
          "Drawn at random, they are in training and test at once. Take one of each: --duplicates first; or "
          "their number as a weight: --duplicates sum");
    }
  }

  void look_at_busiest(const char* what, const Busiest& busiest, std::int64_t all) {
    constexpr std::int64_t enough = 100;  // of fewer, each has a large share
    const double of_rows = share(busiest.interactions, data_.interactions);
    if (of_rows <= 0.1 || (all < enough && of_rows <= 0.5) || all < 2) return;
    add(fmt::format("one {}, \"{}\", has {}", what, busiest.id, of_all(busiest.interactions)),
        std::string(what) == "user" ? "It may be a robot, a shared account or a placeholder for visitors "
                                      "without one: leave it out where the file is written"
                                    : "It may be a placeholder, such as a bag or a delivery: leave it out "
                                      "where the file is written");
  }

  void look_at_rare() {
    if (share(data_.activity.with_one, data_.users) > 0.9 && data_.users > 1) {
      add(fmt::format("{} of {} users ({:.1f} %) have one interaction", data_.activity.with_one, data_.users,
                      100 * share(data_.activity.with_one, data_.users)),
          "Ids may be of sessions or orders rather than of users, or users and items are swapped: --columns");
    }
    if (share(data_.popularity.with_none, data_.items) > 0.5) {
      add(fmt::format("{} of {} items ({:.1f} %) have no interaction", data_.popularity.with_none,
                      data_.items, 100 * share(data_.popularity.with_none, data_.items)),
          "They are candidates all the same. If they should not be, take them out of the catalogue: --k-core "
          "item=1");
    }
  }

  const DataSummary& data_;
  std::vector<Mistake> found_;
};

int ranks_for(std::int64_t interactions) {
  if (interactions < 200'000) return 1;
  return interactions < 5'000'000 ? 2 : 8;
}

}  // namespace

std::vector<Mistake> find_mistakes_of_times(const TimeSummary& times, std::int64_t interactions) {
  std::vector<Mistake> found;
  const auto add = [&](std::string what, std::string remedy) {
    found.push_back({std::move(what), std::move(remedy)});
  };
  const auto of_all = [&](std::int64_t some) { return of_interactions(some, interactions); };
  const auto unit = finer_unit(times.last);
  if (unit) {
    add(fmt::format("timestamps are {} rather than seconds: the last one is {}", unit->name, times.last),
        fmt::format("Divide them by {} where the file is written. Orders and ranges are right as they are, "
                    "dates such as --since 2020-01-01 are not",
                    unit->per_second));
  } else if (times.in_future > 0) {
    add(fmt::format("{} are in the future, the last one {}", of_all(times.in_future), date_text(times.last)),
        "Leave them out with --until, or correct the clock that wrote them: with --split time they are the "
        "test");
  }
  if (times.first == times.last && interactions > 1) {
    add(fmt::format("all interactions are at the same time, {}", date_text(times.first)),
        "It tells nothing: train with --query-feature user_id:lookup, and without --split time");
    return found;
  }
  if (times.zeros > 0) {
    add(fmt::format("{} have the timestamp 0", of_all(times.zeros)),
        "If it stands for an unknown time, leave them out: --since 1");
  }
  if (times.before_1990 > 0 && !unit) {
    add(fmt::format("{} are before 1990, the first one {}", of_all(times.before_1990),
                    date_text(times.first)),
        "If the column is not one of times, name the columns: --columns; or leave them out: --since "
        "1990-01-01");
  }
  return found;
}

std::vector<Mistake> find_mistakes(const DataSummary& data) {
  return Finder(data).run();
}

Advice advise(const DataSummary& data, bool has_filter) {
  Advice advice{ranks_for(data.interactions), {}};
  const auto add = [&](const char* option, const char* value) {
    advice.options.insert(advice.options.end(), {option, value});
  };
  const bool repeats = share(data.interactions - data.pairs, data.interactions) > 0.01;
  const bool has_rare = share(data.activity.with_one, data.users) > 0.1;
  if (!has_filter && repeats) add("--duplicates", "first");
  if (!has_filter && !data.comes_split && has_rare && data.users_of_several > 0) add("--k-core", "user=2");
  const bool tells_times = data.times && data.times->first < data.times->last;
  // Then about every user has a test example, and is known to training.
  const bool has_last_ones = 2 * data.users_of_several >= data.users;
  if (!data.comes_split && tells_times) add("--split", has_last_ones ? "leave-last-out" : "time");
  if (data.times && !tells_times) add("--query-feature", "user_id:lookup");
  add("--epochs", "10");
  return advice;
}

}  // namespace gemel::ingest
