#include "ingest/format_guess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ingest/pair_columns.hpp"
#include "ingest/record_cutter.hpp"

namespace gemel::ingest {
namespace {

using Lines = std::vector<SampleLine>;

constexpr std::string_view settle =
    "Give --file-format pairs if a line is one interaction, or --file-format lists if it is a user and all "
    "the user's items.";

/// Numbers of fields that lines have.
struct FieldCounts {
  std::size_t usual = 0;  // the one that most lines have, of equal ones that of the earlier line
  std::size_t least = 0;
  std::size_t most = 0;
  std::size_t lines = 0;
  std::size_t usual_lines = 0;

  bool are_all_alike() const { return usual_lines == lines; }
  /// But for single lines, which are then wrong.
  bool are_alike() const { return usual_lines * 10 >= lines * 9; }
};

/// Calls visit(fields) for each line.
template <class Visit>
void for_each(const Lines& lines, Separator separator, Visit visit) {
  FieldSplitter split(separator);
  for (const SampleLine& line : lines) visit(split(line.text));
}

FieldCounts count_fields(const Lines& all, Separator separator) {
  const Lines lines = records_of(all, separator);
  std::map<std::size_t, std::size_t> times;
  for_each(lines, separator, [&](const std::vector<Field>& fields) { ++times[fields.size()]; });
  FieldCounts counts;
  counts.lines = lines.size();
  counts.least = times.begin()->first;
  counts.most = times.rbegin()->first;
  for_each(lines, separator, [&](const std::vector<Field>& fields) {
    if (times[fields.size()] <= counts.usual_lines) return;
    counts.usual = fields.size();
    counts.usual_lines = times[fields.size()];
  });
  return counts;
}

bool is_in_half(const Lines& all, Separator separator) {
  const Lines lines = records_of(all, separator);
  const auto have =
      std::ranges::count_if(lines, [&](const SampleLine& line) { return contains(line.text, separator); });
  return static_cast<std::size_t>(have) * 2 >= lines.size();
}

bool has_blank(const Field& field) {
  return contains(field.text, Separator::blanks);
}

/// In how many lines field `index` is there and has the property.
template <class Property>
std::size_t lines_where(const Lines& lines, Separator separator, std::size_t index, Property has) {
  std::size_t count = 0;
  for_each(lines, separator, [&](const std::vector<Field>& fields) {
    if (index < fields.size() && has(fields[index])) ++count;
  });
  return count;
}

FormatGuess unclear(std::string found, std::string_view remedy = settle) {
  return {Likeness::unclear, fmt::format("{}. {}", found, remedy)};
}

FormatGuess unclear_number_of_fields(std::size_t fields, Separator separator) {
  const std::string found = fmt::format(
      "{} fields a line, separated by {}, can be a user, an item and more of that "
      "interaction, or a user and {} items",
      fields, name_of(separator), fields - 1);
  if (fields < 5) return unclear(found);
  return unclear(
      found,
      "Say what the fields are, as in --columns user,item,-,rating,-, if a line is one interaction, "
      "or give --file-format lists if it is a user and all the user's items.");
}

/// Whether the second of two fields is several numbers in half of the lines.
bool has_packed_items(const Lines& lines, Separator separator) {
  return lines_where(lines, separator, 1, [](const Field& field) { return is_several_numbers(field.text); }) *
             2 >=
         lines.size();
}

FormatGuess unclear_packed_items(Separator separator) {
  return unclear(
      fmt::format("several numbers in the second field, after {}", name_of(separator)),
      "If they are the user's items, separate all by blanks and give --file-format lists. If they are one "
      "item, give --file-format pairs.");
}

/// Two fields a line, where the second may be several items.
FormatGuess guess_two_by_tab(const Lines& lines) {
  const std::size_t several = lines_where(lines, Separator::tab, 1, has_blank);
  if (several == 0) {
    if (has_packed_items(lines, Separator::tab)) return unclear_packed_items(Separator::tab);
    const bool has_names = lines_where(lines, Separator::tab, 0, has_blank) > 0;
    return {has_names ? Likeness::pairs : Likeness::both};
  }
  const auto is_numbers = [](const Field& field) {
    return has_blank(field) && is_several_numbers(field.text);
  };
  if (lines_where(lines, Separator::tab, 1, is_numbers) == several) return {Likeness::lists};
  return unclear("several words after the tab of a line can be one item or several");
}

FormatGuess guess_by_tab(const Lines& lines) {
  const FieldCounts counts = count_fields(lines, Separator::tab);
  bool has_words = false;
  for_each(lines, Separator::tab, [&](const std::vector<Field>& fields) {
    has_words = has_words || std::ranges::any_of(fields, has_blank);
  });
  if (counts.are_alike() && counts.usual == 2) return guess_two_by_tab(lines);
  if (counts.are_alike())
    return has_words ? FormatGuess{Likeness::pairs} : unclear_number_of_fields(counts.usual, Separator::tab);
  if (!has_words) return {Likeness::lists};
  return unclear(
      fmt::format("{} to {} fields a line, separated by tabs, and blanks inside of them, while lists are "
                  "separated by blanks and tabs alike",
                  counts.least, counts.most));
}

/// Separated by what does not separate lists.
FormatGuess guess_by(Separator separator, const Lines& lines) {
  const FieldCounts counts = count_fields(lines, separator);
  if (!counts.are_alike()) {
    return unclear(
        fmt::format("{} to {} fields a line, separated by {}", counts.least, counts.most, name_of(separator)),
        fmt::format(
            "If a line is one interaction, put fields with {0} inside into double quotes and give "
            "--file-format pairs. If it is a user and all the user's items, separate them by blanks and give "
            "--file-format lists.",
            name_of(separator)));
  }
  if (counts.usual == 2 && has_packed_items(lines, separator)) return unclear_packed_items(separator);
  return {Likeness::pairs};
}

/// Whether a field beyond the first is a time, or a number with decimals, in all lines.
bool is_like_table(const Lines& lines, std::size_t fields) {
  const auto is_no_id = [](const Field& field) {
    const auto number = parse_decimal(field.text);
    return number && (is_like_timestamp(*number) || field.text.find('.') != std::string_view::npos);
  };
  for (std::size_t index = 1; index < fields; ++index) {
    if (lines_where(lines, Separator::blanks, index, is_no_id) == lines.size()) return true;
  }
  return false;
}

FormatGuess guess_by_blanks(const Lines& lines) {
  const FieldCounts counts = count_fields(lines, Separator::blanks);
  if (counts.most == 1) {
    return unclear(
        "holds no interactions: its first lines have one field each, none of them with tabs, "
        "'::', semicolons, commas, bars or blanks between two",
        "Give a file in which a line is a user and an item, or a user and all the user's items.");
  }
  if (counts.are_all_alike() && counts.usual == 2) {
    return has_packed_items(lines, Separator::blanks) ? unclear_packed_items(Separator::blanks)
                                                      : FormatGuess{Likeness::both};
  }
  // A table with a few broken lines is no list.
  const bool may_be_table = counts.are_all_alike() || (counts.are_alike() && lines.size() >= 10);
  if (may_be_table && (counts.usual == 3 || counts.usual == 4))
    return unclear_number_of_fields(counts.usual, Separator::blanks);
  if (counts.are_all_alike() && is_like_table(lines, counts.usual))
    return unclear_number_of_fields(counts.usual, Separator::blanks);
  return {Likeness::lists};
}

/// Whether bars separate the fields of the lines, and do not stand inside of fields that commas, semicolons or blanks separate, such as
/// "Action|Comedy".
bool are_separated_by_bars(const Lines& lines) {
  if (!is_in_half(lines, Separator::bar)) return false;
  const FieldCounts counts = count_fields(lines, Separator::bar);
  if (counts.usual < 2 || !counts.are_alike()) return false;
  for (const Separator other : {Separator::semicolon, Separator::comma}) {
    if (is_in_half(lines, other) && count_fields(lines, other).are_alike()) return false;
  }
  const auto has_word = [](const Field& field) { return !has_blank(field); };
  return lines_where(lines, Separator::bar, 0, has_word) == lines.size() &&
         !(counts.usual == 2 && has_packed_items(lines, Separator::blanks));
}

}  // namespace

bool is_several_numbers(std::string_view text) {
  constexpr std::string_view marks = " \t,;|";
  std::size_t numbers = 0;
  for (std::size_t start = text.find_first_not_of(marks); start < text.size(); ++numbers) {
    const std::size_t end = std::min(text.find_first_of(marks, start), text.size());
    if (!parse_decimal(text.substr(start, end - start))) return false;
    start = text.find_first_not_of(marks, end);
  }
  return numbers > 1;
}

Separator choose_separator(const std::vector<SampleLine>& lines) {
  for (const Separator separator : {Separator::tab, Separator::double_colon}) {
    if (is_in_half(lines, separator)) return separator;
  }
  if (are_separated_by_bars(lines)) return Separator::bar;
  const bool has_semicolons = is_in_half(lines, Separator::semicolon);
  const bool has_commas = is_in_half(lines, Separator::comma);
  if (has_semicolons && has_commas) {
    const bool only_commas_fit = count_fields(lines, Separator::comma).are_all_alike() &&
                                 !count_fields(lines, Separator::semicolon).are_all_alike();
    return only_commas_fit ? Separator::comma : Separator::semicolon;
  }
  if (has_semicolons) return Separator::semicolon;
  return has_commas ? Separator::comma : Separator::blanks;
}

FormatGuess guess_format(const std::vector<SampleLine>& lines) {
  const Separator separator = choose_separator(lines);
  if (separator == Separator::tab) return guess_by_tab(lines);
  if (separator == Separator::blanks) return guess_by_blanks(lines);
  return guess_by(separator, lines);
}

bool are_surely_no_lists(const std::vector<SampleLine>& lines) {
  if (guess_format(lines).likeness == Likeness::pairs) return true;
  const FieldCounts counts = count_fields(lines, Separator::blanks);
  return counts.are_all_alike() && is_like_table(lines, counts.usual);
}

}  // namespace gemel::ingest
