#include "ingest/pair_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ingest/comments.hpp"
#include "ingest/date_time.hpp"
#include "ingest/digits.hpp"
#include "ingest/ids.hpp"
#include "ingest/pair_columns.hpp"

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

constexpr double largest_whole = 9007199254740992.0;  // 2^53: a double has every whole number up to it

/// Whether a line names its columns, as the heading of a file that was put behind another one does. Ids have digits as a rule.
bool is_name_of_columns(const Pair& pair) {
  const auto has_digit = [](std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  return !has_digit(pair.user) && !has_digit(pair.item) && is_name_of(PairColumn::user, pair.user) &&
         is_name_of(PairColumn::item, pair.item);
}

/// The whole seconds of a time such as 1500000000.123. Smaller numbers, such as 31.01, may be dates.
std::optional<std::int64_t> parse_fractional_seconds(std::string_view text) {
  const auto seconds = parse_decimal(text);
  if (!seconds || std::abs(*seconds) > largest_whole || !is_like_timestamp(std::floor(*seconds)))
    return std::nullopt;
  return static_cast<std::int64_t>(std::floor(*seconds));
}

/// What to add to "a number" where there is a date, such as "2020-01-31" or "31.01.2020 12:00".
std::string advice_for_date(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  const bool begins = end == 1 || end == 2 || end == 4;
  const std::size_t next = begins ? text.find_first_not_of("0123456789", end + 1) : std::string_view::npos;
  if (next == std::string_view::npos || text[next] != text[end] ||
      "-/."sv.find(text[end]) == std::string_view::npos)
    return "";
  return fmt::format(
      "; is the day or the month first? Write the year first, as pandas.to_datetime does of '{}'", text);
}

}  // namespace

PairReader::PairReader(const FileLayout& layout)
    : layout_(layout),
      split_(layout.separator, layout.keys),
      user_(layout.columns.find(PairColumn::user).value()),
      item_(layout.columns.find(PairColumn::item).value()),
      rating_(layout.columns.find(PairColumn::rating)),
      timestamp_(layout.columns.find(PairColumn::timestamp)) {}

const Pair* PairReader::operator()(const Line& line, LineErrors& errors) {
  goes_on_ = false;
  if (line.number == layout_.heading) return nullptr;
  const std::vector<Field>& fields = split_(line.text);
  if (user_ == 0 && is_comment(line.text)) {
    errors.add(line, line.text, "an interaction, not a comment");
    return nullptr;
  }
  if (!has_right_fields(line, fields, errors)) return nullptr;
  pair_.user = fields[user_].text;
  pair_.item = fields[item_].text;
  pair_.fields = &fields;
  const auto reject = [&](std::size_t field, std::string_view expected) {
    errors.add(line, fields[field].source, expected);
    return nullptr;
  };
  if (!is_id(pair_.user)) return reject(user_, expected_id(pair_.user, "a user"));
  if (!is_id(pair_.item)) return reject(item_, expected_id(pair_.item, "an item"));
  if (is_name_of_columns(pair_))
    return reject(user_, "an interaction, not a heading in the middle of the file");
  if (rating_ && !read_rating(line, fields[*rating_], errors)) return nullptr;
  if (timestamp_ && !read_timestamp(line, fields[*timestamp_], errors)) return nullptr;
  return &pair_;
}

bool PairReader::has_right_fields(const Line& line, const std::vector<Field>& fields, LineErrors& errors) {
  const FieldSplitter::Fault& fault = split_.fault();
  if (!fault.expected.empty()) {
    goes_on_ = fault.is_open && !line.is_whole;
    if (goes_on_) return false;
    errors.add(line, fault.where, fault.expected);
    return false;
  }
  const PairColumns& columns = layout_.columns;
  if (fields.size() == columns.size()) return true;
  if (line.text.find_first_not_of(" \t") == std::string_view::npos) return false;
  errors.add(line, line.text,
             fmt::format("{} fields ({}) separated by {}, not {}", columns.size(), columns.describe(", "),
                         name_of(layout_.separator), fields.size()));
  return false;
}

bool PairReader::read_rating(const Line& line, const Field& field, LineErrors& errors) {
  const auto rating = parse_decimal(field.text);
  if (!rating) {
    std::string expected = "a rating, a finite number" + advice_for_date(field.text);
    std::string with_point(field.text);
    std::ranges::replace(with_point, ',', '.');
    if (with_point != field.text && parse_decimal(with_point))
      expected += fmt::format(" with a decimal point, not a decimal comma: {}", with_point);
    errors.add(line, field.source, expected);
    return false;
  }
  if (layout_.is_guessed && !is_like_rating(*rating)) {
    errors.add(line, field.source, "a rating of at most 1e5, as in the first lines");
    return false;
  }
  pair_.rating = *rating;
  return true;
}

bool PairReader::read_timestamp(const Line& line, const Field& field, LineErrors& errors) {
  auto timestamp = parse_whole_decimal(field.text);
  if (!timestamp && (timestamp = parse_fractional_seconds(field.text)))
    fractions_.add(line, quote(field.text));
  if (!timestamp) timestamp = parse_date_time(field.text);
  if (!timestamp) {
    errors.add(
        line, field.source,
        "a timestamp, a whole number or a date such as 2020-01-31T12:00" + advice_for_date(field.text));
    return false;
  }
  if (layout_.is_guessed && parse_number(field.text) && !is_like_timestamp(static_cast<double>(*timestamp))) {
    errors.add(line, field.source, "a timestamp, a whole number from 1e8 on, as in the first lines");
    return false;
  }
  pair_.timestamp = *timestamp;
  return true;
}

void PairReader::tell_of_fractions(const std::filesystem::path& path, mpi::Communicator& communicator) const {
  fractions_.tell(path, "line has a time with a fraction of a second, which is cut off",
                  "lines have times with fractions of a second, which are cut off", communicator);
}

std::string PairReader::remedy_for(const FileLayout& layout) {
  if (!layout.keys.empty()) return "Correct these lines, or take them away.";
  std::string remedy =
      "Correct the file, take away what is no interaction (--on-bad-line skip does), or say with --columns "
      "what the "
      "fields are, with - for those that are not used.";
  switch (layout.separator) {
    case Separator::tab:
    case Separator::blanks:
      remedy += " If a line is a user and all the user's items, give --file-format lists.";
      break;
    case Separator::semicolon:
    case Separator::comma:
    case Separator::bar:
      remedy += fmt::format(
          " A field with {} inside needs double quotes around it, and two for each one inside of it.",
          name_of(layout.separator));
      break;
    case Separator::double_colon:
      break;
  }
  return remedy;
}

std::optional<std::int64_t> parse_whole_decimal(std::string_view text) {
  if (std::int64_t digits = 0; read_digits(text, digits)) return digits;
  if (const auto number = parse_number(text)) return number;
  const auto number = parse_decimal(text);
  if (!number || *number != std::trunc(*number) || std::abs(*number) > largest_whole) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

}  // namespace gemel::ingest
