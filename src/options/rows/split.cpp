#include "options/rows/rows.hpp"

#include <fmt/format.h>

namespace gemel::options {
namespace {

/// `files` comes of the data, or of a checkpoint, and cannot be chosen.
OptionValue split_kind(SplitKind& field) {
  auto kinds = split_names();
  OptionValue value = choice(field, kinds);
  value.restore = value.read;
  std::erase_if(kinds, [](const auto& kind) { return kind.second == SplitKind::files; });
  value.read = choice(field, kinds).read;
  return value;
}

/// Whether the files are the parts.
bool comes_in_files(const DataOptions& o) {
  return !o.files.validation.empty() || !o.files.test.empty();
}

Need goes_without_files(bool is_so) {
  return if_given(
      is_so, "--validation-file and --test-file split the data already: name the data anew without them");
}

}  // namespace

std::vector<Option> split_rows(DataOptions& o) {
  const std::string group = "Data";
  using Kind = SplitKind;
  const bool has_own_data = !o.directory.empty() || o.files.are_given();
  const bool is_by_user = o.split == Kind::leave_last_out || o.split == Kind::leave_last_two_out;
  const bool takes_share = o.split == Kind::random || o.split == Kind::time;
  const bool draws = comes_in_files(o) || o.split == Kind::files
                         ? o.validation_fraction > 0
                         : o.split == Kind::random || o.split == Kind::k_fold;
  const Need k_fold = if_given(o.split == Kind::k_fold, "only --split k-fold has folds: choose it");
  return {
      Option{
          group, "split", "KIND",
          "Which interactions are kept out of training for the test: random (a share drawn at random), time "
          "(the last share of all, by timestamp), leave-last-out (the last one of every user with two or "
          "more), leave-last-two-out (of every user with three or more the last one, and the one before it "
          "for validation), k-fold (one of --folds random parts). Of interactions of the same time the one "
          "that is later in the data is later; without timestamps leave-last-out goes by that alone.",
          split_kind(o.split), Effect::determines}
          .needing(goes_without_files(!comes_in_files(o) || o.split == Kind::files))
          .kept_if(o.is_split_settled || !has_own_data)
          .of_data(),
      Option{group, "test-fraction", "SHARE",
             "Of --split random and time: share of the interactions that is kept for the test; in [0, 1).",
             fraction(o.test_fraction), Effect::determines}
          .needing(goes_without_files(!comes_in_files(o)))
          .needing(
              if_given(comes_in_files(o) || takes_share, "only --split random and time have it: choose one"))
          .of_data(),
      Option{group, "validation-fraction", "SHARE",
             "Share of the training part that is kept out of training for validation: drawn at random, or "
             "with --split time its last share. The training is then evaluated on it, and tested once, at "
             "the end. In [0, 1); 0: none, the test part is what the training is evaluated on.",
             fraction(o.validation_fraction), Effect::determines}
          .needing(if_given(o.files.validation.empty(),
                            "--validation-file has the validation examples: name the data anew without it"))
          .needing(if_given(
              !is_by_user,
              "--split leave-last-two-out keeps an interaction of every user for validation: choose it")),
      Option{group, "folds", "K", "Parts of --split k-fold.", whole_number(o.folds, 2), Effect::determines}
          .needing(k_fold)
          .of_data(),
      Option{group, "fold", "I", "Which of them is the test part; 1 is the first.", whole_number(o.fold, 1),
             Effect::determines}
          .needing(k_fold)
          .needing(
              always(o.fold <= o.folds, fmt::format("there are only {} --folds, counted from 1", o.folds)))
          .of_data(),
      Option{group, "split-seed", "N",
             "Seed of what is drawn at random here, apart from --seed, so that runs with several seeds share "
             "a split.",
             whole_number(o.split_seed, 0), Effect::determines}
          .needing(if_given(draws, "nothing is drawn at random by this split: choose another")),
      Option{group, "weight-column", "COLUMN",
             "Column of the interactions whose numbers, at least 0, multiply the losses of the training "
             "examples, such as rating.",
             text(o.weight_column, "none"), Effect::steers}  // These name one when the data is read.
          .kept_if(!o.weight_column.empty() ||
                   (o.files.columns.weight.empty() && o.filters.duplicates != Duplicates::sum)),
  };
}

}  // namespace gemel::options
