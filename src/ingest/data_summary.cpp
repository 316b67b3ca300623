#include "ingest/data_summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "ingest/distinct_strings.hpp"
#include "ingest/pair_runs.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::ingest {
namespace {

/// Whether an id is what programs write for none.
bool is_missing(std::string_view id) {
  constexpr std::array<std::string_view, 9> names = {"",    "nan", "null", "none",     "na",
                                                     "n/a", "nil", "<na>", "undefined"};
  constexpr std::string_view first_letters = "nNuU<";
  if (id.size() > 9 || (!id.empty() && first_letters.find(id[0]) == std::string_view::npos)) return false;
  std::string lower;
  for (const char letter : id) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  return std::ranges::find(names, lower) != names.end();
}

/// "17.0"
bool is_like_float(std::string_view id) {
  if (id.size() < 3 || !id.ends_with(".0")) return false;
  id.remove_suffix(2);
  return std::ranges::all_of(id, [](char letter) { return letter >= '0' && letter <= '9'; });
}

/// Notes ids.
struct IdCounter {
  IdSummary own;

  void add(std::string_view id) {
    if (is_like_float(id)) ++own.like_floats;
  }
  /// That so many interactions have it.
  void add_missing(std::string_view id, std::int64_t interactions) {
    if (interactions == 0 || !is_missing(id)) return;
    own.rows_missing += interactions;
    const std::string text = fmt::format("\"{}\"", id);
    if (own.missing.empty() || text < own.missing) own.missing = text;
  }
  /// Of all ranks. Collective.
  IdSummary all(mpi::Communicator& communicator) const {
    std::string missing;
    for (const std::string& text : communicator.all_gather(own.missing))
      if (!text.empty() && (missing.empty() || text < missing)) missing = text;
    return {communicator.sum(own.like_floats), communicator.sum(own.rows_missing), missing};
  }
};

/// The first of the greatest counts of all ranks, of which each has those from `first` on. Collective.
struct Greatest {
  std::int64_t count = -1;
  std::int64_t number = 0;
};
Greatest greatest(std::span<const std::int64_t> counts, std::int64_t first, mpi::Communicator& communicator) {
  Greatest own;
  const auto found = std::ranges::max_element(counts);
  if (found != counts.end()) own = {*found, first + (found - counts.begin())};
  Greatest all;
  for (const Greatest& other : communicator.all_gather(own))
    if (other.count > all.count) all = other;
  return all;
}

/// Row `row` of a column that is spread over the ranks, of which this one has those from `first` on. Collective.
template <class Column>
std::string text_at(const Column& column, std::int64_t first, std::int64_t row,
                    mpi::Communicator& communicator) {
  const std::int64_t own = row - first;
  const bool is_here = own >= 0 && own < static_cast<std::int64_t>(column.size());
  return first_text(is_here ? std::string(column[static_cast<std::size_t>(own)]) : "", communicator);
}

/// Makes the summary of a data set, a few figures after another.
class Summarizer {
 public:
  Summarizer(const Dataset& dataset, mpi::Communicator& communicator)
      : dataset_(dataset), communicator_(communicator) {}

  DataSummary run(std::int64_t now) {
    summary_.name = dataset_.name;
    summary_.interactions = dataset_.total;
    summary_.items = dataset_.catalogue_total;
    count_parts();
    count_items();
    count_users();
    summary_.times = summarize_times(dataset_.interactions, now, communicator_);
    summary_.ratings = histogram_of(dataset_.interactions, "rating", communicator_);
    // The training part is first on every rank, so its first rows are the same for any number of ranks.
    const std::size_t in_order =
        dataset_.comes_split ? static_cast<std::size_t>(std::ranges::count(dataset_.parts, Part::train))
                             : dataset_.item_rows.size();
    summary_.interaction_columns = summarize_columns(dataset_.interactions, in_order, communicator_);
    summary_.item_columns = summarize_columns(dataset_.catalogue, dataset_.catalogue.rows, communicator_);
    return std::move(summary_);
  }

 private:
  void count_parts() {
    summary_.comes_split = dataset_.comes_split;
    if (!dataset_.comes_split) return;
    summary_.parts.resize(part_names.size(), 0);
    for (const Part part : dataset_.parts) ++summary_.parts[static_cast<std::size_t>(part)];
    communicator_.sum(std::span(summary_.parts));
  }

  void count_items() {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(dataset_.catalogue_total), 0);
    for (const std::int32_t row : dataset_.item_rows) ++counts[static_cast<std::size_t>(row)];
    communicator_.sum(std::span(counts));
    const std::int64_t first = dataset_.catalogue_first;
    const auto own = std::span(counts).subspan(static_cast<std::size_t>(first), dataset_.catalogue.rows);
    summary_.popularity = distribution_of({own.begin(), own.end()}, communicator_);
    const auto& ids = dataset_.catalogue.strings.at("item_id");
    const Greatest busiest = greatest(own, first, communicator_);
    summary_.item = {text_at(ids, first, busiest.number, communicator_), "", busiest.count};
    const auto titles = dataset_.catalogue.strings.find("title");
    if (titles != dataset_.catalogue.strings.end())
      summary_.item.title = text_at(titles->second, first, busiest.number, communicator_);
    IdCounter counter;
    for (std::size_t item = 0; item < own.size(); ++item) {
      counter.add(ids[item]);
      counter.add_missing(ids[item], own[item]);
      if (own[item] > 0) item_hash_ += hash_of(ids[item]);
    }
    summary_.item_ids = counter.all(communicator_);
  }

  void count_users() {
    const auto& ids = dataset_.interactions.strings.at("user_id");
    const UserNumbers users = number_users(ids, communicator_);
    summary_.users = users.users;
    count_pairs(users);
    IdCounter counter;
    std::uint64_t user_hash = 0;
    for (std::size_t user = 0; user < users.ids.strings.size(); ++user) {
      user_hash += hash_of(users.ids.strings[user]);
      counter.add(users.ids.strings[user]);
    }
    for (std::size_t row = 0; row < ids.size(); ++row) counter.add_missing(ids[row], 1);
    summary_.user_ids = counter.all(communicator_);
    const auto sum = [&](std::uint64_t hash) { return communicator_.sum(static_cast<std::int64_t>(hash)); };
    const std::int64_t used = summary_.popularity.things - summary_.popularity.with_none;
    summary_.same_ids = sum(user_hash) == sum(item_hash_) && summary_.users == used;
  }

  void count_pairs(const UserNumbers& users) {
    PairRuns runs(dataset_, users, communicator_);
    const std::vector<std::uint64_t> ratings = ratings_of(runs);
    const exchange::RowRange owned = runs.exchange().owned();
    std::vector<std::int64_t> interactions(static_cast<std::size_t>(owned.size()), 0);
    std::vector<std::int64_t> pairs(interactions.size(), 0);
    std::int64_t copies = 0;
    runs.for_each([&](std::span<const std::uint32_t> run) {
      const auto user = static_cast<std::size_t>(runs.user(run.front()) - owned.first);
      interactions[user] += static_cast<std::int64_t>(run.size());
      ++pairs[user];
      if (run.size() > 1) copies += count_copies(run, runs, ratings);
    });
    summary_.activity = distribution_of(interactions, communicator_);
    const Greatest busiest = greatest(interactions, owned.first, communicator_);
    summary_.user = {text_at(users.ids.strings, users.ids.first, busiest.number, communicator_), "",
                     busiest.count};
    std::int64_t all_pairs = 0;
    for (const std::int64_t count : pairs) all_pairs += count;
    summary_.pairs = communicator_.sum(all_pairs);
    summary_.users_of_several = communicator_.sum(
        std::int64_t{std::ranges::count_if(pairs, [](std::int64_t count) { return count > 1; })});
    summary_.copies = communicator_.sum(copies);
  }

  /// The rating of each of what runs has, as bits; empty where there are none.
  std::vector<std::uint64_t> ratings_of(PairRuns& runs) {
    const Columns& columns = dataset_.interactions;
    std::vector<std::uint64_t> bits;
    if (const auto whole = columns.numbers.find("rating"); whole != columns.numbers.end()) {
      for (const std::int64_t rating : whole->second) bits.push_back(static_cast<std::uint64_t>(rating));
    } else if (const auto decimal = columns.decimals.find("rating"); decimal != columns.decimals.end()) {
      for (const double rating : decimal->second) bits.push_back(std::bit_cast<std::uint64_t>(rating));
    } else {
      return {};
    }
    return runs.exchange().to_owners(std::span<const std::uint64_t>(bits));
  }

  static std::int64_t count_copies(std::span<const std::uint32_t> run, const PairRuns& runs,
                                   const std::vector<std::uint64_t>& ratings) {
    std::vector<std::pair<std::int64_t, std::uint64_t>> all;
    for (const std::uint32_t index : run)
      all.emplace_back(runs.time(index), ratings.empty() ? 0 : ratings[index]);
    std::ranges::sort(all);
    return std::int64_t{all.end() - std::unique(all.begin(), all.end())};
  }

  const Dataset& dataset_;
  mpi::Communicator& communicator_;
  DataSummary summary_;
  std::uint64_t item_hash_ = 0;  // of the ids of this rank's items with interactions
};

}  // namespace

DataSummary summarize(const Dataset& dataset, std::int64_t now, mpi::Communicator& communicator) {
  return Summarizer(dataset, communicator).run(now);
}

}  // namespace gemel::ingest
