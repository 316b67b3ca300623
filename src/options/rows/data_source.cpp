#include "options/rows/rows.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/error.hpp"
#include "ingest/pair_columns.hpp"

namespace gemel::options {
namespace {

constexpr std::int64_t most_synthetic_items = std::numeric_limits<std::int32_t>::max() - 1;

OptionValue pair_columns(PairColumns& field) {
  const std::string unknown = "as recognised";
  const auto read = [&field, unknown](const std::string& typed) {
    try {
      field = typed == unknown ? PairColumns() : ingest::parse_pair_columns(typed);
    } catch (const base::UsageError& error) {
      throw ValueError(error.what());
    }
  };
  return {read, [&field, unknown] { return field.empty() ? unknown : field.describe(","); }};
}

Need needs_train_file(const GivenFiles& files) {
  return if_given(!files.train.empty(), "goes with --train-file FILE, which is not given: add it");
}

}  // namespace

std::vector<Option> source_rows(DataOptions& o) {
  const std::string group = "Data";
  GivenFiles& files = o.files;
  const bool has_files = !files.train.empty();
  return {
      Option{group, "data", "DIR",
             "Directory of a data set, such as MovieLens 100K with its u.data and u.item (data/README.md "
             "says how to get one), or one with train.txt and test.txt, and perhaps valid.txt, in which a "
             "line is a user and then all the user's items.",
             input_path(o.directory, "built-in synthetic data"), Effect::run}
          .needing(if_given(files.train.empty(),
                            fmt::format("--train-file {} is given too: leave that out", files.train)))
          .kept_if(!has_files && !o.directory.empty())
          .of_data(),
      Option{group, "train-file", "FILE", "Instead of --data: a file of interactions.",
             input_path(files.train, "none"), Effect::run}
          .kept_if(has_files),
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
             "Beside --train-file: what is known of items, a line each, the first of which names the "
             "columns: an id "
             "such as item_id, movieId or asin, and others, which candidate features can name. These items "
             "are then the "
             "catalogue. Without it, the items of the interactions are, and nothing but their ids is "
             "known.",
             input_path(files.items, "none"), Effect::run}
          .needing(always(files.items.empty() || has_files, needs_train_file(files).remedy))
          .kept_if(has_files && !files.items.empty()),
  };
}

std::vector<Option> file_rows(GivenFiles& files) {
  const std::string group = "Data";
  return {
      Option{
          group, "file-format", "FORMAT",
          "What a line of these files is: lists (a user, then the user's items, separated by blanks), pairs "
          "(a user, an item, perhaps a rating and a timestamp, separated by tabs, '::', semicolons, commas "
          "or blanks; the first line may name the columns), or auto, as the first thousand lines show: the "
          "run says how it read the first one, and refuses what is unclear. data/README.md has more.",
          choice(files.format, file_format_names()), Effect::run}
          .needing(needs_train_file(files))
          .kept_if(!files.train.empty()),
      Option{
          group, "columns", "NAMES",
          "What the fields of a line of pairs are, in their order: user, item, rating, timestamp, or - for "
          "one that is not used; such as user,item,-,timestamp. Without it a heading tells, or the numbers.",
          pair_columns(files.columns), Effect::run}
          .needing(needs_train_file(files))
          .needing(always(files.format != FileFormat::lists || files.columns.empty(),
                          "names the fields of pairs, and --file-format lists has none: give --file-format "
                          "pairs, or leave the names out (--columns 'as recognised')"))
          .kept_if(!files.train.empty() && !files.columns.empty()),
  };
}

std::vector<Option> synthetic_rows(DataOptions& o) {
  const std::string group = "Data";
  const bool is_from_files = !o.files.train.empty();
  const bool is_used = !is_from_files && o.directory.empty();
  const Need built_in =
      if_given(is_used, fmt::format("is of the built-in data, but --{} {} is given: leave that out",
                                    is_from_files ? "train-file" : "data",
                                    is_from_files ? o.files.train : o.directory));
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
