#include "options/rows/rows.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/error.hpp"
#include "ingest/pair_columns.hpp"

namespace gemel::options {
namespace {

constexpr std::int64_t most_synthetic_items = std::numeric_limits<std::int32_t>::max() - 1;

OptionValue columns_given(ColumnsGiven& field) {
  const std::string unknown = "as recognised";
  const auto read = [&field, unknown](const std::string& typed) {
    try {
      field = typed == unknown ? ColumnsGiven() : ingest::parse_columns(typed);
    } catch (const base::UsageError& error) {
      throw ValueError(error.what());
    }
  };
  return {read, [&field, unknown] { return field.empty() ? unknown : ingest::describe(field); }};
}

Need needs_train_file(const GivenFiles& files) {
  return if_given(!files.train.empty(), "goes with --train-file FILE, which is not given: add it");
}

Need needs_files(const GivenFiles& files) {
  return if_given(files.are_given(), "goes with --ratings FILE, which is not given: add it");
}

/// The option that names files of interactions, and the first of them.
std::string source_of(const GivenFiles& files) {
  return files.ratings.empty() ? fmt::format("--train-file {}", files.train)
                               : fmt::format("--ratings {}", files.ratings.front());
}

}  // namespace

std::vector<Option> source_rows(DataOptions& o) {
  const std::string group = "Data";
  GivenFiles& files = o.files;
  const bool has_files = files.are_given();
  return {
      Option{group, "data", "DIR|FILE.h5",
             "Directory of a data set, such as MovieLens 100K with its u.data and u.item (data/README.md "
             "says how to get one), or one with train.txt and test.txt, and perhaps valid.txt, in which a "
             "line is a user and then all the user's items. Or what trainer prepare has written.",
             input_path(o.directory, "built-in synthetic data"), Effect::run}
          .needing(if_given(!has_files, fmt::format("{} is given too: leave that out", source_of(files))))
          .kept_if(!has_files && !o.directory.empty())
          .of_data(),
      Option{
          group, "ratings", "FILES",
          "Instead of --data: one or more files of interactions, one after the other; a name with * stands "
          "for all files that it fits. See --columns.",
          input_paths(files.ratings, "none"), Effect::run}
          .needing(if_given(files.train.empty(),
                            fmt::format("--train-file {} is given too: leave one out", files.train)))
          .kept_if(!files.ratings.empty()),
      Option{group, "train-file", "FILE",
             "The same where interactions come split into files: those of training.",
             input_path(files.train, "none"), Effect::run}
          .kept_if(!files.train.empty()),
      Option{group, "validation-file", "FILE",
             "Beside --train-file: interactions on which the training is evaluated as it goes on.",
             input_path(files.validation, "none"), Effect::run}
          .needing(needs_train_file(files))
          .kept_if(has_files && !files.validation.empty()),
      Option{group, "test-file", "FILE",
             "Beside --train-file: interactions on which the model is tested. With this or --validation-file "
             "the data is split as the files are.",
             input_path(files.test, "none"), Effect::run}
          .needing(needs_train_file(files))
          .kept_if(has_files && !files.test.empty()),
      Option{group, "items", "FILE",
             "Beside --ratings: what is known of items, a line each, the first of which names the "
             "columns: an id "
             "such as item_id, movieId or asin, and others, which candidate features can name. These items "
             "are then the "
             "catalogue. Without it, the items of the interactions are, and nothing but their ids is "
             "known.",
             input_path(files.items, "none"), Effect::run}
          .needing(always(files.items.empty() || has_files, needs_files(files).remedy))
          .kept_if(has_files && !files.items.empty()),
      Option{group, "users", "FILE",
             "The same of users, with an id such as user_id or uid: its other columns become columns of the "
             "interactions, which query features can name.",
             input_path(files.users, "none"), Effect::run}
          .needing(needs_files(files))
          .kept_if(has_files && !files.users.empty()),
  };
}

std::vector<Option> file_rows(DataOptions& o) {
  const std::string group = "Data";
  GivenFiles& files = o.files;
  const bool is_from_files = files.are_given() || !o.directory.empty();
  return {
      Option{
          group, "file-format", "FORMAT",
          "What a line of these files is: lists (a user, then the user's items, separated by blanks), pairs "
          "(a user, an item, perhaps a rating and a timestamp, separated by tabs, '::', semicolons, commas "
          "or blanks; the first line may name the columns), or auto, as the first thousand lines show: the "
          "run says how it read the first one, and refuses what is unclear. data/README.md has more.",
          choice(files.format, file_format_names()), Effect::run}
          .needing(needs_files(files))
          .kept_if(files.are_given()),
      Option{
          group, "on-bad-line", "fail|skip",
          "What is done about lines that cannot be used: fail, or skip them. Their number and the first ten "
          "are told.",
          choice(files.bad_lines, bad_line_names()), Effect::run}
          .needing(if_given(is_from_files,
                            "goes with --ratings FILE or --data DIR: the built-in data has no bad lines"))
          .kept_if(is_from_files),
      Option{
          group, "columns", "NAMES",
          "What the columns are. By the names in the first line: user=userId,item=movieId,time=ts,"
          "rating=stars,weight=plays (weight: as --weight-column). Or the fields of a line in their order, "
          "each "
          "user, item, rating, timestamp, - for one that is not used, or a name of its own: "
          "user,item,-,timestamp,device. What is not said is recognised by usual names, or by the numbers. "
          "Other columns can be features by their names, such as --query-feature device:lookup.",
          columns_given(files.columns), Effect::run}
          .needing(needs_files(files))
          .needing(always(files.format != FileFormat::lists || files.columns.empty(),
                          "names the fields of pairs, and --file-format lists has none: give --file-format "
                          "pairs, or leave the names out (--columns 'as recognised')"))
          .kept_if(files.are_given() && !files.columns.empty()),
  };
}

std::vector<Option> synthetic_rows(DataOptions& o) {
  const std::string group = "Data";
  const bool is_from_files = o.files.are_given();
  const bool is_used = !is_from_files && o.directory.empty();
  const Need built_in =
      if_given(is_used, fmt::format("is of the built-in data, but {} is given: leave that out",
                                    is_from_files ? source_of(o.files) : "--data " + o.directory));
  return {
      Option{group, "synthetic-users", "N",
             "Users of the built-in data; only those who do something are seen.",
             whole_number(o.synthetic.users, 1), Effect::run}
          .needing(built_in)
          .kept_if(is_used),
      Option{group, "synthetic-items", "N", "Items of its catalogue.",
             whole_number(o.synthetic.items, 1, most_synthetic_items), Effect::run}
          .needing(built_in)
          .kept_if(is_used),
      Option{group, "synthetic-interactions", "N", "Interactions of it.",
             whole_number(o.synthetic.interactions, 1), Effect::run}
          .needing(built_in)
          .kept_if(is_used),
  };
}

}  // namespace gemel::options
