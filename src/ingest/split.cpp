#include "ingest/split.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>

#include "base/error.hpp"
#include "ingest/interaction_draws.hpp"
#include "ingest/order_statistic.hpp"
#include "ingest/time_order.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

using base::ExitCode;

std::int64_t share_of(std::int64_t total, double fraction) {
  return std::llround(static_cast<double>(total) * fraction);
}

[[noreturn]] void fail(ExitCode code, const std::string& message) {
  throw mpi::AgreedError(code, message);  // every rank comes to the same
}

void check_fraction(double fraction, const char* option) {
  if (fraction >= 0 && fraction < 1) return;  // not so of NaN
  fail(ExitCode::usage, fmt::format("--{} {}: must be at least 0 and less than 1.", option, fraction));
}

void check_options(const DataOptions& options) {
  check_fraction(options.test_fraction, "test-fraction");
  check_fraction(options.validation_fraction, "validation-fraction");
  if (options.split == SplitKind::leave_last_two_out && options.validation_fraction > 0) {
    fail(ExitCode::usage,
         fmt::format("--validation-fraction {}: --split leave-last-two-out keeps an interaction of every "
                     "user for validation already. Leave one of them out.",
                     options.validation_fraction));
  }
  if (options.split == SplitKind::k_fold &&
      (options.folds < 2 || options.fold < 1 || options.fold > options.folds)) {
    fail(ExitCode::usage,
         fmt::format("--fold {} of --folds {}: there must be at least 2 folds, counted from 1.", options.fold,
                     options.folds));
  }
}

/// The column of timestamps; null when the data has none.
const std::vector<std::int64_t>* timestamps_of(const Dataset& dataset) {
  const auto found = dataset.interactions.numbers.find("timestamp");
  return found == dataset.interactions.numbers.end() ? nullptr : &found->second;
}

/// Assigns a part to each of this rank's interactions. All members are collective.
class Splitter {
 public:
  Splitter(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator,
           const EarlierSplit* earlier)
      : dataset_(dataset), options_(options), communicator_(communicator), earlier_(earlier) {
    split_.parts.assign(dataset.item_rows.size(), Part::train);
  }

  Split run() {
    if (is_stored()) {
      split_.parts = dataset_.stored_split->parts;
      split_.borders = dataset_.stored_split->borders;
      split_.is_stored = true;
    } else {
      divide();
      const bool has_its_share = options_.split == SplitKind::time && !dataset_.comes_split;
      if (options_.validation_fraction > 0 && !has_its_share) draw_validation();
    }
    draws_.reset();
    count_parts();
    return std::move(split_);
  }

 private:
  /// Whether the split that is stored with the data is the one that is asked for.
  bool is_stored() const {
    const std::optional<StoredSplit>& stored = dataset_.stored_split;
    if (!stored || !stored->is_whole || stored->settings != SplitSettings::of(options_)) return false;
    return earlier_ == nullptr || (!earlier_->is_of_other_data && earlier_->borders == stored->borders);
  }

  void divide() {
    if (dataset_.comes_split) return keep_parts();
    switch (options_.split) {
      case SplitKind::time:
        return split_by_time();
      case SplitKind::leave_last_out:
      case SplitKind::leave_last_two_out:
        return leave_last_out();
      case SplitKind::k_fold:
        return draw_fold();
      case SplitKind::random:
      case SplitKind::files:
        return draw_test();
    }
  }

  /// A draw for each of this rank's interactions.
  std::vector<std::int64_t> draw(const char* purpose) {
    if (!draws_) draws_.emplace(dataset_, communicator_);
    return draws_->draw(options_.split_seed, purpose);
  }

  /// Below which `count` of all ranks' draws are.
  std::int64_t border_above(const std::vector<std::int64_t>& draws, std::int64_t count) {
    return count == 0 ? 0 : select_kth(draws, count, communicator_) + 1;
  }

  void draw_test() {
    const std::vector<std::int64_t> draws = draw("split");
    SplitBorders& borders = split_.borders;
    borders.test_end = earlier_ != nullptr
                           ? earlier_->borders.test_end
                           : border_above(draws, share_of(dataset_.total, options_.test_fraction));
    take_test(draws);
  }

  void draw_fold() {
    const std::vector<std::int64_t> draws = draw("folds");
    if (earlier_ != nullptr) {
      split_.borders = earlier_->borders;
    } else {
      const auto before = [&](std::int64_t folds) {
        return dataset_.total / options_.folds * folds +
               dataset_.total % options_.folds * folds / options_.folds;
      };
      const bool is_last = options_.fold == options_.folds;
      split_.borders.test_begin = border_above(draws, before(options_.fold - 1));
      split_.borders.test_end = is_last ? InteractionDraws::end : border_above(draws, before(options_.fold));
    }
    take_test(draws);
  }

  void take_test(const std::vector<std::int64_t>& draws) {
    const SplitBorders& borders = split_.borders;
    for (std::size_t own = 0; own < draws.size(); ++own) {
      if (borders.test_begin <= draws[own] && draws[own] < borders.test_end) split_.parts[own] = Part::test;
    }
  }

  /// Makes a share of the training examples validation examples.
  void draw_validation() {
    const std::vector<std::int64_t> draws = draw("validation");
    std::vector<std::int64_t> of_train;
    for (std::size_t own = 0; own < draws.size(); ++own) {
      if (split_.parts[own] == Part::train) of_train.push_back(draws[own]);
    }
    if (earlier_ != nullptr) {
      split_.borders.validation_end = earlier_->borders.validation_end;
    } else {
      const std::int64_t train = communicator_.sum(static_cast<std::int64_t>(of_train.size()));
      split_.borders.validation_end = border_above(of_train, share_of(train, options_.validation_fraction));
    }
    for (std::size_t own = 0; own < draws.size(); ++own) {
      if (split_.parts[own] == Part::train && draws[own] < split_.borders.validation_end)
        split_.parts[own] = Part::validation;
    }
  }

  void split_by_time() {
    const std::vector<std::int64_t>* timestamps = timestamps_of(dataset_);
    if (timestamps == nullptr) {
      fail(ExitCode::usage,
           fmt::format("--split time: the data has no timestamps; its columns are: {}. Choose another "
                       "--split, or give data with a timestamp.",
                       dataset_.interactions.describe()));
    }
    const std::int64_t known = dataset_.total - share_of(dataset_.total, options_.test_fraction);
    const std::int64_t train = known - share_of(known, options_.validation_fraction);
    const std::vector<bool> is_known = earliest(*timestamps, known, communicator_);
    const std::vector<bool> is_train = earliest(*timestamps, train, communicator_);
    const bool has_earlier = earlier_ != nullptr && earlier_->is_of_other_data;
    std::int64_t& train_until = split_.borders.train_until;
    for (std::size_t own = 0; own < is_train.size(); ++own) {
      const std::int64_t time = (*timestamps)[own];
      if (is_train[own] || (has_earlier && time <= earlier_->borders.train_until)) {
        train_until = std::max(train_until, time);
      } else {
        split_.parts[own] = is_known[own] ? Part::validation : Part::test;
      }
    }
    train_until = communicator_.max(train_until);
  }

  void leave_last_out() {
    const bool for_validation = options_.split == SplitKind::leave_last_two_out;
    const std::vector<std::int64_t>* timestamps = timestamps_of(dataset_);
    if (timestamps == nullptr)
      spdlog::info("the data has no timestamps: the last interaction of a user is the last one in the data");
    const auto of_user =
        last_interactions(dataset_.interactions.strings.at("user_id"),
                          timestamps == nullptr ? std::span<const std::int64_t>() : std::span(*timestamps),
                          dataset_.first, communicator_);
    const std::int64_t least = for_validation ? 3 : 2;
    for (std::size_t own = 0; own < of_user.size(); ++own) {
      const LastInteractions& user = of_user[own];
      if (user.count < least) continue;
      const std::int64_t place = dataset_.first + static_cast<std::int64_t>(own);
      if (place == user.last) split_.parts[own] = Part::test;
      if (for_validation && place == user.before_last) split_.parts[own] = Part::validation;
    }
  }

  void keep_parts() {
    if (options_.is_split_settled && options_.split != SplitKind::files) {
      fail(ExitCode::usage, fmt::format("--split, --test-fraction: the data ({}) comes split into files "
                                        "already; leave these options out.",
                                        dataset_.name));
    }
    split_.parts = dataset_.parts;
    const std::int64_t own_validation = std::ranges::count(split_.parts, Part::validation);
    if (options_.validation_fraction > 0 && communicator_.sum(own_validation) > 0) {
      fail(ExitCode::usage,
           fmt::format("--validation-fraction {}: the data ({}) comes with validation examples; leave this "
                       "option out.",
                       options_.validation_fraction, dataset_.name));
    }
  }

  void count_parts() {
    for (const Part part : {Part::train, Part::validation, Part::test}) {
      const auto own = std::int64_t{std::ranges::count(split_.parts, part)};
      split_.sizes[static_cast<std::size_t>(part)] = communicator_.sum(own);
      split_.firsts[static_cast<std::size_t>(part)] = communicator_.sum_before(own);
    }
  }

  const Dataset& dataset_;
  const DataOptions& options_;
  mpi::Communicator& communicator_;
  const EarlierSplit* earlier_;
  std::optional<InteractionDraws> draws_;
  Split split_;
};

/// Refuses a split that leaves a part without examples that was asked for.
void check_parts(const Split& split, const Dataset& dataset, const DataOptions& options) {
  const auto require = [&](Part part, bool is_wanted, const char* remedy) {
    if (!is_wanted || split.size(part) > 0) return;
    fail(ExitCode::data,
         fmt::format("no {} example is left of {} interactions. {}",
                     part == Part::train ? "training" : part_name(part), dataset.total, remedy));
  };
  const bool is_by_user =
      options.split == SplitKind::leave_last_out || options.split == SplitKind::leave_last_two_out;
  require(Part::train, true, "Take more data, or a smaller --test-fraction or --validation-fraction.");
  require(Part::test, is_by_user,
          "No user has enough interactions: choose another --split, or take more data.");
  require(
      Part::test,
      (options.split == SplitKind::time && options.test_fraction > 0) || options.split == SplitKind::k_fold,
      "Take more data, a larger --test-fraction, or fewer --folds.");
  require(Part::validation, options.validation_fraction > 0,
          "Take more data, or a larger --validation-fraction.");
  if (options.split == SplitKind::random && !dataset.comes_split && options.test_fraction > 0 &&
      split.size(Part::test) == 0) {
    spdlog::warn("--test-fraction {} of {} interactions is none: nothing is tested", options.test_fraction,
                 dataset.total);
  }
}

}  // namespace

Split split_interactions(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator,
                         const EarlierSplit* earlier) {
  check_options(options);
  Split split = Splitter(dataset, options, communicator, earlier).run();
  check_parts(split, dataset, options);
  return split;
}

}  // namespace gemel::ingest
