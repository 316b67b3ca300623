#include "gemel/ingest/split.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "gemel/base/error.hpp"
#include "gemel/ingest/time_order.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

using base::ExitCode;

std::int64_t share_of(std::int64_t total, double fraction) {
  return std::llround(static_cast<double>(total) * fraction);
}

[[noreturn]] void fail(ExitCode code, const std::string& message) {
  throw mpi::AgreedError(code, message);  // every rank comes to the same
}

/// Numbers the interactions of each part in the order of the data. Collective.
void number_in_order(Split& split, mpi::Communicator& communicator) {
  std::array<std::int64_t, part_names.size()> next{};
  for (const Part part : split.parts) ++next[static_cast<std::size_t>(part)];
  split.sizes = next;
  communicator.sum(std::span(split.sizes));
  for (std::int64_t& count : next) count = communicator.sum_before(count);
  split.numbers.clear();
  split.numbers.reserve(split.parts.size());
  for (const Part part : split.parts) split.numbers.push_back(next[static_cast<std::size_t>(part)]++);
}

Split split_at_random(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator) {
  std::optional<RandomSplit> draw;
  mpi::agree(communicator, [&] { draw.emplace(dataset.total, options.test_fraction, options.split_seed); });
  Split split;
  split.sizes = {draw->train_size(), 0, draw->test_size()};
  for (std::size_t own = 0; own < dataset.item_rows.size(); ++own) {
    const RandomSplit::Place place = draw->place(dataset.first + static_cast<std::int64_t>(own));
    split.parts.push_back(place.is_test ? Part::test : Part::train);
    split.numbers.push_back(place.number);
  }
  return split;
}

Split split_into_folds(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator) {
  if (options.folds < 2 || options.fold < 1 || options.fold > options.folds) {
    fail(ExitCode::usage,
         fmt::format("--fold {} of --folds {}: there must be at least 2 folds, counted from 1.", options.fold,
                     options.folds));
  }
  const base::KeyedPermutation order(base::random_key(options.split_seed, "folds"),
                                     static_cast<std::uint64_t>(dataset.total));
  const auto start_of = [&](std::int64_t fold) {
    return dataset.total / options.folds * fold + dataset.total % options.folds * fold / options.folds;
  };
  const std::int64_t start = start_of(options.fold - 1);
  const std::int64_t end = start_of(options.fold);
  Split split;
  for (std::size_t own = 0; own < dataset.item_rows.size(); ++own) {
    const auto position = static_cast<std::int64_t>(order(static_cast<std::uint64_t>(dataset.first) + own));
    split.parts.push_back(start <= position && position < end ? Part::test : Part::train);
  }
  number_in_order(split, communicator);
  return split;
}

/// The column of timestamps; null when the data has none.
const std::vector<std::int64_t>* timestamps_of(const Dataset& dataset) {
  const auto found = dataset.interactions.numbers.find("timestamp");
  return found == dataset.interactions.numbers.end() ? nullptr : &found->second;
}

Split split_by_time(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator) {
  const std::vector<std::int64_t>* timestamps = timestamps_of(dataset);
  if (timestamps == nullptr) {
    fail(ExitCode::usage, fmt::format("--split time: the data has no timestamps; its columns are: {}. Choose "
                                      "another --split, or give data "
                                      "with a timestamp.",
                                      dataset.interactions.describe()));
  }
  const std::int64_t known = dataset.total - share_of(dataset.total, options.test_fraction);
  const std::int64_t train = known - share_of(known, options.validation_fraction);
  const std::vector<bool> is_known = earliest(*timestamps, known, communicator);
  const std::vector<bool> is_train = earliest(*timestamps, train, communicator);
  Split split;
  for (std::size_t own = 0; own < is_train.size(); ++own) {
    const Part later = is_known[own] ? Part::validation : Part::test;
    split.parts.push_back(is_train[own] ? Part::train : later);
  }
  number_in_order(split, communicator);
  return split;
}

Split leave_last_out(const Dataset& dataset, bool for_validation, mpi::Communicator& communicator) {
  const std::vector<std::int64_t>* timestamps = timestamps_of(dataset);
  if (timestamps == nullptr)
    spdlog::info("the data has no timestamps: the last interaction of a user is the last one in the data");
  const auto of_user =
      last_interactions(dataset.interactions.strings.at("user_id"),
                        timestamps == nullptr ? std::span<const std::int64_t>() : std::span(*timestamps),
                        dataset.first, communicator);
  const std::int64_t least = for_validation ? 3 : 2;
  Split split;
  for (std::size_t own = 0; own < of_user.size(); ++own) {
    const LastInteractions& user = of_user[own];
    const std::int64_t place = dataset.first + static_cast<std::int64_t>(own);
    Part part = Part::train;
    if (user.count >= least && place == user.last) part = Part::test;
    if (user.count >= least && for_validation && place == user.before_last) part = Part::validation;
    split.parts.push_back(part);
  }
  number_in_order(split, communicator);
  return split;
}

Split keep_parts(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator) {
  if (options.is_split_settled && options.split != SplitKind::files) {
    fail(ExitCode::usage, fmt::format("--split, --test-fraction: the data ({}) comes split into files "
                                      "already; leave these options out.",
                                      dataset.name));
  }
  Split split;
  split.parts = dataset.parts;
  number_in_order(split, communicator);
  if (options.validation_fraction > 0 && split.size(Part::validation) > 0) {
    fail(ExitCode::usage,
         fmt::format(
             "--validation-fraction {}: the data ({}) comes with validation examples; leave this option out.",
             options.validation_fraction, dataset.name));
  }
  return split;
}

/// Makes a share of the training examples, drawn at random, validation examples, and numbers both anew.
void draw_validation(Split& split, const DataOptions& options) {
  const std::int64_t both = split.size(Part::train);
  const std::int64_t train = both - share_of(both, options.validation_fraction);
  const base::KeyedPermutation order(base::random_key(options.split_seed, "validation"),
                                     static_cast<std::uint64_t>(both));
  for (std::size_t own = 0; own < split.parts.size(); ++own) {
    if (split.parts[own] != Part::train) continue;
    const auto position = static_cast<std::int64_t>(order(static_cast<std::uint64_t>(split.numbers[own])));
    if (position >= train) split.parts[own] = Part::validation;
    split.numbers[own] = position < train ? position : position - train;
  }
  split.sizes[static_cast<std::size_t>(Part::train)] = train;
  split.sizes[static_cast<std::size_t>(Part::validation)] = both - train;
}

Split divide(const Dataset& dataset, const DataOptions& options, mpi::Communicator& communicator) {
  if (dataset.comes_split) return keep_parts(dataset, options, communicator);
  switch (options.split) {
    case SplitKind::time:
      return split_by_time(dataset, options, communicator);
    case SplitKind::leave_last_out:
    case SplitKind::leave_last_two_out:
      return leave_last_out(dataset, options.split == SplitKind::leave_last_two_out, communicator);
    case SplitKind::k_fold:
      return split_into_folds(dataset, options, communicator);
    case SplitKind::random:
    case SplitKind::files:
      break;
  }
  return split_at_random(dataset, options, communicator);
}

void check_fraction(double fraction, const char* option) {
  if (fraction >= 0 && fraction < 1) return;  // not so of NaN
  fail(ExitCode::usage, fmt::format("--{} {}: must be at least 0 and less than 1.", option, fraction));
}

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
  require(Part::train, true, "Take more data, or smaller parts for validation and test.");
  require(Part::test, is_by_user,
          "No user has enough interactions: choose another --split, or take more data.");
  require(
      Part::test,
      (options.split == SplitKind::time && options.test_fraction > 0) || options.split == SplitKind::k_fold,
      "Take more data, a larger --test-fraction, or fewer --folds.");
  require(Part::validation, options.validation_fraction > 0,
          "Take more data, or a larger --validation-fraction.");
}

}  // namespace

RandomSplit::RandomSplit(std::int64_t total, double test_fraction, std::uint64_t split_seed)
    : order_(base::random_key(split_seed, "split"), static_cast<std::uint64_t>(total)), train_size_(total) {
  if (!(test_fraction >= 0 && test_fraction < 1)) {  // NaN, too
    throw base::UsageError(
        fmt::format("--test-fraction {}: must be at least 0 and less than 1.", test_fraction));
  }
  train_size_ -= share_of(total, test_fraction);
  if (train_size_ <= 0) {
    throw base::DataError(
        fmt::format("no training example is left of {} interactions. Take more data, or a smaller "
                    "--test-fraction than {}.",
                    total, test_fraction));
  }
}

Split split_interactions(const Dataset& dataset, const DataOptions& options,
                         mpi::Communicator& communicator) {
  check_fraction(options.test_fraction, "test-fraction");
  check_fraction(options.validation_fraction, "validation-fraction");
  Split split = divide(dataset, options, communicator);
  const bool has_drawn = options.split == SplitKind::time && !dataset.comes_split;
  if (options.validation_fraction > 0 && !has_drawn) draw_validation(split, options);
  check_parts(split, dataset, options);
  return split;
}

}  // namespace gemel::ingest
