#include "ingest/filters.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "ingest/date_text.hpp"
#include "ingest/duplicates.hpp"
#include "ingest/k_core.hpp"
#include "ingest/kept_rows.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

/// Applies filters to a data set, and tells of each.
class Filters {
 public:
  Filters(const DataOptions& options, Dataset& dataset, mpi::Communicator& communicator)
      : options_(options), filters_(options.filters), dataset_(dataset), communicator_(communicator) {}

  void run() {
    if (filters_.min_rating) keep_rated();
    if (filters_.since || filters_.until) keep_times();
    if (filters_.duplicates != Duplicates::keep) merge();
    if (filters_.k_core.user > 0 || filters_.k_core.item > 0) keep_core();
  }

 private:
  void keep_rated() {
    const std::string option = fmt::format("--min-rating {}", *filters_.min_rating);
    const Columns& columns = dataset_.interactions;
    std::vector<double> ratings;
    if (const auto whole = columns.numbers.find("rating"); whole != columns.numbers.end()) {
      ratings.assign(whole->second.begin(), whole->second.end());
    } else if (const auto decimal = columns.decimals.find("rating"); decimal != columns.decimals.end()) {
      ratings = decimal->second;
    } else {
      refuse_column(option, "ratings (a column rating)");
    }
    double best = -std::numeric_limits<double>::infinity();
    std::vector<bool> kept;
    for (const double rating : ratings) {
      kept.push_back(rating >= *filters_.min_rating);
      best = std::max(best, rating);
    }
    best = communicator_.max(best);
    keep(option, kept, fmt::format("Ratings go up to {}: give a lower one.", best));
  }

  void keep_times() {
    const std::string since = filters_.since ? fmt::format("--since {}", date_text(*filters_.since)) : "";
    const std::string until = filters_.until ? fmt::format("--until {}", date_text(*filters_.until)) : "";
    const std::string option = since + (since.empty() || until.empty() ? "" : " ") + until;
    const auto times = dataset_.interactions.numbers.find("timestamp");
    if (times == dataset_.interactions.numbers.end())
      refuse_column(option, "times (a column timestamp of whole numbers)");
    using Limits = std::numeric_limits<std::int64_t>;
    std::int64_t first = Limits::max();
    std::int64_t last = Limits::min();
    std::vector<bool> kept;
    for (const std::int64_t time : times->second) {
      kept.push_back(time >= filters_.since.value_or(Limits::min()) &&
                     (!filters_.until || time < *filters_.until));
      first = std::min(first, time);
      last = std::max(last, time);
    }
    first = communicator_.min(first);
    last = communicator_.max(last);
    keep(option, kept,
         fmt::format("Times go from {} to {}: give others.", date_text(first), date_text(last)));
  }

  void merge() {
    const std::int64_t before = dataset_.total;
    const std::string added_up =
        merge_duplicates(filters_.duplicates, options_.weight_column, dataset_, communicator_);
    tell(fmt::format("--duplicates {}", name_of(filters_.duplicates)), before,
         added_up.empty() ? "" : fmt::format(", which weigh the sums of the column {}", added_up));
  }

  void keep_core() {
    const KCore& core = filters_.k_core;
    const std::string option = "--k-core " + k_core_text(core);
    if (dataset_.comes_split) {
      throw mpi::AgreedError(
          base::ExitCode::usage,
          fmt::format("{}: the data ({}) comes split already, and the test would become another one. Name "
                      "all of it with --ratings, or leave the option out.",
                      option, dataset_.name));
    }
    const std::int64_t before = dataset_.total;
    const std::int64_t items_before = dataset_.catalogue_total;
    const KCoreCounts counts = keep_k_core(core, dataset_, communicator_);
    require_some(option, before, "Give lower numbers.");
    tell(option, before,
         fmt::format(", {} of {} users and {} of {} items, in {} round{}", counts.users, counts.users_before,
                     dataset_.catalogue_total, items_before, counts.rounds, counts.rounds == 1 ? "" : "s"));
  }

  void keep(const std::string& option, const std::vector<bool>& kept, const std::string& remedy) {
    const std::int64_t before = dataset_.total;
    keep_interactions(dataset_, kept, communicator_);
    require_some(option, before, remedy);
    tell(option, before);
  }

  void tell(const std::string& option, std::int64_t before, const std::string& more = "") const {
    spdlog::info("{}: keeps {} of {} interactions{}", option, dataset_.total, before, more);
  }

  void require_some(const std::string& option, std::int64_t before, const std::string& remedy) const {
    if (dataset_.total > 0) return;
    throw mpi::AgreedError(base::ExitCode::data, fmt::format("{}: none of the {} interactions is left. {}",
                                                             option, before, remedy));
  }

  [[noreturn]] void refuse_column(const std::string& option, const char* what) const {
    throw mpi::AgreedError(base::ExitCode::usage,
                           fmt::format("{}: the interactions have no {}. Their columns are: {}.", option,
                                       what, dataset_.interactions.describe()));
  }

  static std::string name_of(Duplicates duplicates) {
    const auto names = duplicates_names();
    return std::ranges::find(names, duplicates, &std::pair<std::string, Duplicates>::second)->first;
  }

  const DataOptions& options_;
  const FilterOptions& filters_;
  Dataset& dataset_;
  mpi::Communicator& communicator_;
};

}  // namespace

void apply_filters(const DataOptions& options, Dataset& dataset, mpi::Communicator& communicator) {
  Filters(options, dataset, communicator).run();
}

}  // namespace gemel::ingest
