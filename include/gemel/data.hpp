#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/export.hpp"

namespace gemel {

/// What a field of a line of pairs is.
enum class PairColumn {
  user,
  item,
  rating,
  timestamp,
  unused,
  other  ///< a column of the interactions that has a name of its own
};

/// The name that --columns gives it.
GEMEL_API std::string_view name_of(PairColumn column);

/// What the fields of a line of pairs are, in order.
class GEMEL_API PairColumns {
 public:
  PairColumns() = default;
  /// `names` are those that the columns have themselves, as in a heading; empty: none but of what they are. Throws UsageError unless user
  /// and item are there, and none twice but unused and other.
  explicit PairColumns(std::vector<PairColumn> columns, std::vector<std::string> names = {});

  bool empty() const { return columns_.empty(); }
  std::size_t size() const { return columns_.size(); }
  PairColumn operator[](std::size_t field) const { return columns_[field]; }
  std::optional<std::size_t> find(PairColumn column) const;
  bool has(PairColumn column) const { return find(column).has_value(); }
  /// The name that a column has itself, or else that of what it is.
  std::string_view name(std::size_t field) const;
  /// The field of the other column of this name.
  std::optional<std::size_t> find_other(std::string_view name) const;
  /// "user, item, rating", with `separator` between the names.
  std::string describe(std::string_view separator) const;
  bool operator==(const PairColumns&) const = default;

 private:
  std::vector<PairColumn> columns_;
  std::vector<std::string> names_;
};

/// The name of a column of interactions, and what it is.
struct NamedColumn {
  PairColumn column = PairColumn::unused;  ///< user, item, rating or timestamp
  std::string name;
  bool operator==(const NamedColumn&) const = default;
};

/// What the user says of the columns of interactions: what the fields of a line are, in their order, or, by name, what columns are.
struct ColumnsGiven {
  PairColumns fields = {};
  std::vector<NamedColumn> named = {};
  std::string weight = {};  ///< name of the column that has the weight of each example; empty: none

  bool empty() const { return fields.empty() && named.empty() && weight.empty(); }
};

/// Sizes of the built-in data set. The defaults train in seconds.
struct SyntheticOptions {
  std::int64_t users = 1000;
  std::int64_t items = 1500;
  std::int64_t interactions = 60000;
  std::uint64_t seed = 20260101;
};

/// What a line of a file of interactions is.
enum class FileFormat {
  automatic,  ///< as its first lines show
  lists,      ///< a user, then the items of that user, separated by blanks
  pairs,      ///< a user, an item and perhaps a rating and a timestamp
};

/// Each with the name that --file-format gives it.
inline std::vector<std::pair<std::string, FileFormat>> file_format_names() {
  return {{"auto", FileFormat::automatic}, {"lists", FileFormat::lists}, {"pairs", FileFormat::pairs}};
}

/// What is done about lines that cannot be used.
enum class BadLines {
  fail,  ///< the first ones are told, and nothing is read
  skip   ///< the first ones are told, and all are left out
};

/// Each with the name that --on-bad-line gives it.
inline std::vector<std::pair<std::string, BadLines>> bad_line_names() {
  return {{"fail", BadLines::fail}, {"skip", BadLines::skip}};
}

/// Files of interactions that the user names one by one; an empty path is no file.
struct GivenFiles {
  /// Interactions that are yet to be split, one file after the other; names with * or ? stand for all files that they fit.
  std::vector<std::string> ratings = {};
  /// Instead: interactions that come split.
  std::string train = {};
  std::string validation = {};
  std::string test = {};
  /// What is known of items, a line each, the first of which names the columns; empty: nothing but their ids.
  std::string items = {};
  /// The same of users, whose columns then are columns of their interactions.
  std::string users = {};
  FileFormat format = FileFormat::automatic;
  /// What the fields of pairs are; empty: as a heading or the numbers tell.
  ColumnsGiven columns = {};
  BadLines bad_lines = BadLines::fail;

  bool are_given() const { return !ratings.empty() || !train.empty(); }
};

/// How interactions are divided into training and test examples.
enum class SplitKind {
  random,              ///< a share drawn at random
  time,                ///< the last share, by time
  leave_last_out,      ///< the last one of every user
  leave_last_two_out,  ///< the last one of every user, and the one before it for validation
  k_fold,              ///< one of k random folds
  files,               ///< as the files have them
};

/// Each with the name that --split gives it; `files` comes of the data, it cannot be chosen.
inline std::vector<std::pair<std::string, SplitKind>> split_names() {
  return {{"random", SplitKind::random},
          {"time", SplitKind::time},
          {"leave-last-out", SplitKind::leave_last_out},
          {"leave-last-two-out", SplitKind::leave_last_two_out},
          {"k-fold", SplitKind::k_fold},
          {"files", SplitKind::files}};
}

/// What becomes of several interactions of one user with one item.
enum class Duplicates {
  keep,   ///< all of them stay
  first,  ///< the first one by time
  last,   ///< the last one by time
  sum,    ///< the first one, with the weights of all of them
};

/// Each with the name that --duplicates gives it.
inline std::vector<std::pair<std::string, Duplicates>> duplicates_names() {
  return {{"keep", Duplicates::keep},
          {"first", Duplicates::first},
          {"last", Duplicates::last},
          {"sum", Duplicates::sum}};
}

/// The interactions that every user, and every item, has at least; 0: any number, even none.
struct KCore {
  std::int64_t user = 0;
  std::int64_t item = 0;
};

/// Which interactions of the data are used. They are applied in this order, before the data is split.
struct FilterOptions {
  /// The least rating of an interaction that is kept.
  std::optional<double> min_rating = {};
  /// Interactions at this time or later, and before this time, are kept: seconds since 1970.
  std::optional<std::int64_t> since = {};
  std::optional<std::int64_t> until = {};
  Duplicates duplicates = Duplicates::keep;
  KCore k_core = {};
};

/// Where the data comes from. The defaults are the TFRS tutorial's.
struct DataOptions {
  /// Directory of a data set; empty means the files, or where there are none the built-in synthetic one.
  std::string directory;
  GivenFiles files = {};
  /// The sizes of the synthetic one.
  SyntheticOptions synthetic = {};
  /// What of it is used; nothing is left out by default.
  FilterOptions filters = {};
  SplitKind split = SplitKind::random;
  /// Whether that is settled, by the user or by what the data has. Until then, data that comes split turns it into `files`.
  bool is_split_settled = false;
  /// Whether prepared data is split as it was when it was prepared; not so once a choice of the split has been made.
  bool takes_stored_split = true;
  /// Of random and time: share of the interactions that is kept for the test.
  double test_fraction = 0.2;
  /// Share of the training part that is kept for validation, drawn at random (with `time`: its last share).
  double validation_fraction = 0;
  /// Of k_fold: how many folds there are, and which one, from 1, is the test part.
  std::int64_t folds = 5;
  std::int64_t fold = 1;
  /// Seed of these draws, apart from `seed`, so that runs with several seeds share one split.
  std::uint64_t split_seed = 42;
  /// Column of the interactions that has the weight of each training example; empty: all weigh the same.
  std::string weight_column = {};
};

}  // namespace gemel
