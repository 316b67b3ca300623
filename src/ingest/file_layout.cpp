#include "ingest/file_layout.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "ingest/file_sketch.hpp"
#include "ingest/format_guess.hpp"
#include "ingest/heading_guess.hpp"
#include "ingest/json_lines.hpp"
#include "ingest/line_errors.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view what_lines_are =
    "Give a file in which a line is a user and an item, or a user and all the user's items.";

/// Most fields that messages show.
constexpr std::size_t most_shown = 12;

/// Refuses a first line that looks like a heading of other names than the usual ones.
void refuse_unknown_heading(const FileSketch& sketch, Separator separator) {
  if (!may_be_heading(sketch.lines, separator)) return;
  const SampleLine& line = sketch.lines.front();
  refuse_line(
      sketch.path, line,
      fmt::format("looks like a heading, but not both a user and an item are among its names (such as "
                  "user_id, item_id, rating, timestamp). Rename them, or take the line away: tail -n +{} {} "
                  ">data.txt, and say with --columns what the fields are. If it is no heading, move the line "
                  "down.",
                  line.number + 1, sketch.path.string()));
}

FileLayout list_layout(const FileSketch& sketch) {
  if (sketch.heading) {
    throw base::DataError(fmt::format(
        "{}:{}:1: a heading of pairs ({}), while a line of lists is a user and all the user's "
        "items. Give it with --ratings, or take this line away.",
        sketch.path.string(), sketch.heading->number, quote(sketch.heading->fields.front().text + ", ...")));
  }
  refuse_unknown_heading(sketch, Separator::blanks);
  FieldSplitter split(Separator::blanks);
  const bool has_items =
      std::ranges::any_of(sketch.lines, [&](const SampleLine& line) { return split(line.text).size() > 1; });
  if (!has_items && sketch.separator != Separator::blanks) {
    FieldSplitter split_pair(sketch.separator);
    refuse_line(
        sketch.path, sketch.lines.front(),
        fmt::format("holds no interactions as a list, whose fields are separated by blanks. It has {} fields "
                    "separated by {}: give --file-format pairs if a line is one interaction, or else "
                    "separate them by blanks.",
                    split_pair(sketch.lines.front().text).size(), name_of(sketch.separator)));
  }
  const std::vector<Field>& first = split(sketch.lines.front().text);
  std::string items = "no items";
  if (first.size() == 2) items = fmt::format("item {}", quote(first[1].text));
  if (first.size() > 2) items = fmt::format("{} items from {} on", first.size() - 1, quote(first[1].text));
  return {.description =
              fmt::format("a user and all the user's items a line, separated by blanks: user {}, {}",
                          quote(first[0].text), items)};
}

/// Of the lines those that have as many fields as most.
std::vector<CutLine> usual_lines(std::vector<CutLine> lines) {
  std::map<std::size_t, std::size_t> times;
  for (const CutLine& line : lines) ++times[line.fields.size()];
  const std::size_t usual = std::ranges::max_element(lines, {}, [&](const CutLine& line) {
                              return times[line.fields.size()];
                            })->fields.size();
  std::erase_if(lines, [&](const CutLine& line) { return line.fields.size() != usual; });
  return lines;
}

/// "user, item, rating", of many columns the first ones only.
std::string summary_of(const PairColumns& columns) {
  std::vector<std::string_view> names;
  for (std::size_t field = 0; field < std::min(columns.size(), most_shown); ++field)
    names.push_back(name_of(columns[field]));
  return fmt::format("{}{}", fmt::join(names, ", "), columns.size() > most_shown ? ", ..." : "");
}

/// Refuses lines of other numbers of fields than `columns`, which the heading or --columns has.
void check_number(const FileSketch& sketch, const CutLine& line, const PairColumns& columns,
                  std::string_view whose) {
  if (line.fields.size() == columns.size()) return;
  throw base::DataError(fmt::format(
      "{}:{}:1: {} fields, separated by {}, but {} {} of them: {}. Name every field in its order{}.",
      sketch.path.string(), line.number, line.fields.size(), name_of(sketch.separator), whose, columns.size(),
      summary_of(columns), sketch.heading ? ", or take the heading away" : ", - for one that is not used"));
}

/// Refuses lines of which nothing says what they are.
void check_guessable(const FileSketch& sketch, const CutLine& line) {
  const std::size_t fields = line.fields.size();
  if (fields >= 2 && fields <= 4) return;
  const auto text = std::ranges::find(sketch.lines, line.number, &SampleLine::number)->text;
  if (fields < 2) {
    throw base::DataError(fmt::format(
        "{}:{}:1: {}: expected 2 fields (user, item), not {}, separated by tabs, '::', semicolons, commas, "
        "bars or blanks. {}",
        sketch.path.string(), line.number, quote(text), fields, what_lines_are));
  }
  const bool may_be_list = sketch.separator == Separator::tab || sketch.separator == Separator::blanks;
  throw base::DataError(fmt::format(
      "{}:{}:1: {}: {} fields, separated by {}, of which nothing says what they are. Say it, one name a "
      "field in "
      "its order, - for one that is not used: --columns user,item,rating,timestamp,-{}{}.",
      sketch.path.string(), line.number, quote(text), fields, name_of(sketch.separator),
      fields == 5 ? "" : ",...",
      may_be_list ? "; or give --file-format lists, if a line is a user and all the user's items" : ""));
}

/// Refuses a user that is several numbers, or has one at its end where a comma follows and another: what separates fields is then
/// another mark, or the comma is that of a decimal number.
void check_user(const FileSketch& sketch, const CutLine& line, const PairColumns& columns) {
  const CutField& user = line.fields[*columns.find(PairColumn::user)];
  const CutField& item = line.fields[*columns.find(PairColumn::item)];
  FieldSplitter split(Separator::blanks);
  const std::vector<Field>& words = split(user.text);
  const bool may_be_decimal = sketch.separator == Separator::comma && words.size() > 1 &&
                              parse_decimal(words.back().text) && parse_decimal(item.text);
  if (!may_be_decimal && !is_several_numbers(user.text)) return;
  throw base::DataError(fmt::format(
      "{}:{}:{}: {}: expected a user, not several fields; the file was taken to be separated by {}. If that "
      "is wrong, "
      "separate it by tabs, and write decimal numbers with a point. If it is right, say so: --columns {}.",
      sketch.path.string(), line.number, user.column, quote(user.text), name_of(sketch.separator),
      columns.describe(",")));
}

/// Refuses --columns that take a heading's users for items, or its items for users.
void check_heading(const FileSketch& sketch, const PairColumns& named) {
  const std::vector<CutField>& names = sketch.heading->fields;
  for (std::size_t field = 0; field < std::min(names.size(), named.size()); ++field) {
    const bool is_swapped =
        (named[field] == PairColumn::item && is_name_of(PairColumn::user, names[field].text)) ||
        (named[field] == PairColumn::user && is_name_of(PairColumn::item, names[field].text));
    if (!is_swapped) continue;
    throw base::DataError(
        fmt::format("{}:{}:{}: {}: the heading's name of a field that --columns {} takes for the {}. Correct "
                    "--columns, or leave it out.",
                    sketch.path.string(), sketch.heading->number, names[field].column,
                    quote(names[field].text), named.describe(","), name_of(named[field])));
  }
}

/// Refuses lines of so many numbers of fields that they can only be lists.
void check_uniform(const FileSketch& sketch, std::size_t alike) {
  const bool may_be_lists = sketch.separator == Separator::tab || sketch.separator == Separator::blanks;
  if (!may_be_lists || alike * 2 >= sketch.lines.size()) return;
  refuse_line(sketch.path, sketch.lines.front(),
              "is like a user and all the user's items: most of the lines after it have other numbers of "
              "fields. Give --file-format lists.");
}

/// "rating 4", or "'price' not used", of field `field` of a line.
std::string reading_of(const CutLine& line, std::size_t field, PairColumn column, std::string_view own_name,
                       const std::optional<CutLine>& heading) {
  const std::string& text = line.fields[field].text;
  if (column == PairColumn::unused) {
    const bool is_named = heading && field < heading->fields.size();
    return fmt::format("{} not used", quote(is_named ? heading->fields[field].text : text));
  }
  const bool is_number = column == PairColumn::rating || column == PairColumn::timestamp;
  return fmt::format("{} {}", column == PairColumn::other ? own_name : name_of(column),
                     is_number && parse_decimal(text) ? text : quote(text));
}

/// `line` is the first that is like most.
std::string description_of(const FileSketch& sketch, const CutLine& line, const FileLayout& layout) {
  std::vector<std::string> said;
  std::size_t unsaid = 0;
  for (std::size_t field = 0; field < line.fields.size(); ++field) {
    const PairColumn column = layout.columns[field];
    if (column == PairColumn::unused && said.size() >= most_shown) {
      ++unsaid;
    } else {
      said.push_back(reading_of(line, field, column, layout.columns.name(field), sketch.heading));
    }
  }
  if (unsaid > 0) said.push_back(fmt::format("and {} more not used", unsaid));
  const bool is_first = line.number == sketch.lines.front().number;
  if (!sketch.keys.empty()) return fmt::format("JSON Lines: {}", fmt::join(said, ", "));
  return fmt::format("pairs, separated by {}{}{}: {}", name_of(layout.separator),
                     sketch.heading ? ", after a heading" : "",
                     is_first ? "" : fmt::format("; line {}", line.number), fmt::join(said, ", "));
}

/// The columns of a file with a heading.
struct ColumnsOfHeading {
  fs::path path;
  PairColumns columns;
};

/// Whether what `lines`, all with as many fields as `columns`, show of the order of their fields is that of `columns`.
bool show_order(const std::vector<CutLine>& lines, const PairColumns& columns, const fs::path& path) {
  std::optional<std::size_t> last;
  for (const PairColumn column :
       {PairColumn::user, PairColumn::item, PairColumn::rating, PairColumn::timestamp}) {
    const auto field = columns.find(column);
    if (!field) continue;
    if (last && *field < *last) return false;
    last = field;
  }
  if (columns.size() > 4) return true;
  const PairColumns guessed = guess_columns(lines, path);
  for (std::size_t field = 0; field < columns.size(); ++field) {
    const bool is_known = columns[field] != PairColumn::unused && columns[field] != PairColumn::other;
    if (is_known && columns[field] != guessed[field]) return false;
  }
  return true;
}

/// The columns of a file without a heading, all of `lines` of which have as many fields as `beside` names. Throws DataError unless they are
/// in the usual order, as far as the numbers show: this file may have been written in another way than that one.
PairColumns columns_beside(const FileSketch& sketch, const std::vector<CutLine>& lines,
                           const ColumnsOfHeading& beside) {
  if (show_order(lines, beside.columns, sketch.path)) return beside.columns;
  throw base::DataError(
      fmt::format("{}:{}:1: has no heading, and nothing shows that its fields are in the order that {} "
                  "names: {}. Give this "
                  "file a heading, too; or say what the fields of all files are: --columns {}.",
                  sketch.path.string(), lines.front().number, beside.path.string(),
                  beside.columns.describe(", "), beside.columns.describe(",")));
}

/// The columns, of which those that nobody wants are not used.
PairColumns only_wanted(const PairColumns& columns, const WantedColumns& wanted) {
  std::vector<PairColumn> fields;
  std::vector<std::string> names;
  for (std::size_t field = 0; field < columns.size(); ++field) {
    const bool is_left_out = columns[field] == PairColumn::other && !wanted.has(columns.name(field));
    fields.push_back(is_left_out ? PairColumn::unused : columns[field]);
    names.emplace_back(columns.name(field));
  }
  return PairColumns(std::move(fields), std::move(names));
}

/// `beside`: the columns of a file with a heading, if there is one.
FileLayout pair_layout(const FileSketch& sketch, const ColumnsGiven& given, const WantedColumns& wanted,
                       const std::optional<ColumnsOfHeading>& beside) {
  const PairColumns& named = given.fields;
  if (!sketch.heading) refuse_unknown_heading(sketch, sketch.separator);
  const std::vector<CutLine> lines = usual_lines(cut_lines(sketch));
  const CutLine& first = lines.front();
  check_uniform(sketch, lines.size());
  FileLayout layout{.format = FileFormat::pairs, .separator = sketch.separator, .keys = sketch.keys};
  if (sketch.heading && sketch.keys.empty()) layout.heading = sketch.heading->number;
  if (!named.empty()) {
    if (sketch.heading) check_heading(sketch, named);
    check_number(sketch, first, named, "--columns names");
    layout.columns = named;
  } else if (sketch.heading) {
    layout.columns = columns_of_heading(*sketch.heading, given.named, sketch.path);
    check_number(sketch, first, layout.columns, "the heading names");
  } else if (beside && beside->columns.size() == first.fields.size()) {
    layout.columns = columns_beside(sketch, lines, *beside);
  } else {
    check_guessable(sketch, first);
    layout.columns = guess_columns(lines, sketch.path);
    layout.is_guessed = layout.columns.size() == 3;
  }
  if (given.empty() && sketch.keys.empty()) check_user(sketch, first, layout.columns);
  layout.columns = only_wanted(layout.columns, wanted);
  layout.description = description_of(sketch, first, layout);
  if (!sketch.keys.empty()) leave_out_unused(layout.keys, layout.columns);
  return layout;
}

/// Refuses files of which one lacks a column of its own that another has.
void check_others(const FileSketch& one, const PairColumns& columns, const FileSketch& other,
                  const PairColumns& of_other) {
  for (std::size_t field = 0; field < columns.size(); ++field) {
    if (columns[field] != PairColumn::other || of_other.find_other(columns.name(field))) continue;
    throw base::DataError(fmt::format("{}: has no column {}, which {} has. Give files with the same columns.",
                                      other.path.string(), quote(columns.name(field)), one.path.string()));
  }
}

/// Refuses files of which some have ratings, timestamps or columns of their own and others do not.
void check_alike(const std::vector<FileSketch>& sketches, const std::vector<FileLayout>& layouts) {
  for (std::size_t i = 1; i < layouts.size(); ++i) {
    check_others(sketches[0], layouts[0].columns, sketches[i], layouts[i].columns);
    check_others(sketches[i], layouts[i].columns, sketches[0], layouts[0].columns);
    for (const PairColumn column : {PairColumn::rating, PairColumn::timestamp}) {
      if (layouts[i].columns.has(column) == layouts[0].columns.has(column)) continue;
      throw base::DataError(fmt::format(
          "{}: a line is {}, while in {} it is {}. Give files with the same columns, or take one for unused: "
          "with a heading, or --columns if all files have the same fields.",
          sketches[i].path.string(), layouts[i].columns.describe(", "), sketches[0].path.string(),
          layouts[0].columns.describe(", ")));
    }
  }
}

}  // namespace

std::vector<FileLayout> recognise_layouts(const std::vector<SampledFile>& files, FileFormat asked,
                                          const ColumnsGiven& given, const WantedColumns& wanted) {
  base::require(given.empty() || asked != FileFormat::lists, "columns of lists");
  std::vector<FileSketch> sketches;
  for (const SampledFile& file : files) sketches.push_back(sketch_of(file, given));
  const FileFormat format = common_format(sketches, asked, given);
  std::optional<ColumnsOfHeading> beside;
  for (const FileSketch& sketch : sketches) {
    if (format == FileFormat::pairs && given.fields.empty() && sketch.heading && !beside)
      beside = ColumnsOfHeading{sketch.path, columns_of_heading(*sketch.heading, given.named, sketch.path)};
  }
  std::vector<FileLayout> layouts;
  for (const FileSketch& sketch : sketches) {
    layouts.push_back(format == FileFormat::lists ? list_layout(sketch)
                                                  : pair_layout(sketch, given, wanted, beside));
  }
  check_alike(sketches, layouts);
  return layouts;
}

void check_lists(const std::vector<SampledFile>& files) {
  for (const SampledFile& file : files) {
    const std::vector<SampleLine>& lines = file.sample.lines();
    if (lines.empty() || !are_surely_no_lists(lines)) continue;
    refuse_line(
        file.path, lines.front(),
        "looks like one interaction, while a line of train.txt and test.txt is a user and all the user's "
        "items. Give these files with --train-file, --test-file and --file-format pairs; or with "
        "--file-format lists, if that is what they are.");
  }
}

}  // namespace gemel::ingest
