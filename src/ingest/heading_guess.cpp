#include "ingest/heading_guess.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

#include "ingest/pair_columns.hpp"

namespace gemel::ingest {
namespace {

bool is_number(const Field& field) {
  return parse_decimal(field.text).has_value();
}

/// Whether there are fields beyond the first one in `lines`, and all of them are numbers.
bool are_numbers_beyond_user(std::span<const SampleLine> lines, FieldSplitter& split) {
  std::size_t numbers = 0;
  for (const SampleLine& line : lines) {
    const std::vector<Field>& fields = split(line.text);
    if (fields.size() < 2) continue;
    if (!std::all_of(fields.begin() + 1, fields.end(), is_number)) return false;
    numbers += fields.size() - 1;
  }
  return numbers > 0;
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether some field of the first line has no digit, while it has one in all other lines, of which at least half have such a field.
bool lacks_digits_of_others(std::span<const SampleLine> lines, Separator separator) {
  FieldSplitter split_first(separator);  // which keeps what is in quotes until it splits again
  FieldSplitter split(separator);
  const std::vector<Field>& first = split_first(lines.front().text);
  const bool are_all_ids =
      separator == Separator::blanks;  // beyond the user they are items, wherever they stand
  std::vector<std::size_t> with(first.size());
  std::vector<std::size_t> without(first.size());
  for (const SampleLine& line : lines.subspan(1)) {
    const std::vector<Field>& fields = split(line.text);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::size_t place = are_all_ids ? std::min<std::size_t>(i, 1) : i;
      if (place < first.size()) ++(has_digit(fields[i].text) ? with : without)[place];
    }
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!first[i].text.empty() && without[i] == 0 && with[i] > 0 && with[i] * 2 + 1 >= lines.size())
      return true;
  }
  return false;
}

/// Whether a field of the first line is a usual name of items that is in no other line, but for equal ones.
bool names_items_once(std::span<const SampleLine> lines, Separator separator) {
  FieldSplitter split_first(separator);  // which keeps what is in quotes until it splits again
  FieldSplitter split(separator);
  const std::vector<Field>& first = split_first(lines.front().text);
  for (const Field& name : first) {
    if (!is_name_of(PairColumn::item, name.text)) continue;
    const bool is_item = std::ranges::any_of(lines.subspan(1), [&](const SampleLine& line) {
      return line.text != lines.front().text &&
             std::ranges::count(split(line.text), name.text, &Field::text) > 0;
    });
    if (!is_item) return true;
  }
  return false;
}

}  // namespace

bool may_be_heading(std::span<const SampleLine> lines, Separator separator) {
  FieldSplitter split_first(separator);  // which keeps what is in quotes until it splits again
  FieldSplitter split(separator);
  const std::vector<Field>& first = split_first(lines.front().text);
  if (first.size() < 2 || std::ranges::any_of(first, is_number)) return false;
  if (std::ranges::any_of(first, [](const Field& field) { return is_name_of(PairColumn::user, field.text); }))
    return true;
  if (are_numbers_beyond_user(lines.subspan(1), split)) return true;
  if (std::ranges::any_of(first, [](const Field& field) { return has_digit(field.text); })) return false;
  return lacks_digits_of_others(lines, separator) || names_items_once(lines, separator);
}

}  // namespace gemel::ingest
