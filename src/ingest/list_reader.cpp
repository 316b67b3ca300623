#include "ingest/list_reader.hpp"

#include <algorithm>
#include <array>

#include "ingest/comments.hpp"
#include "ingest/ids.hpp"

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

constexpr std::array marks = {","sv, ";"sv, "::"sv, "|"sv};

/// Whether a line of one field looks like several ones between other marks than blanks, or like JSON.
bool is_several_fields(std::string_view field) {
  return field.front() == '{' || field.front() == '[' ||
         std::ranges::any_of(marks, [&](std::string_view mark) { return field.find(mark) != field.npos; });
}

/// Whether a mark that separates fields stands at the end of a field, as in "u1, i1, i2".
bool ends_in_mark(const Field& field) {
  return field.text.ends_with(',') || field.text.ends_with(';');
}

}  // namespace

const std::string_view ListReader::remedy =
    "Separate a user and all the user's items by blanks or tabs alone, and take away what is no list. If a "
    "line is one interaction, give --file-format pairs, and one separator in all lines.";

const std::vector<Field>& ListReader::operator()(const Line& line, LineErrors& errors) {
  const std::vector<Field>& fields = split_(line.text);
  if (fields.empty()) return fields;
  const auto reject = [&](const Field& field, std::string_view expected) -> const std::vector<Field>& {
    errors.add(line, field.text, expected);
    return nothing_;
  };
  if (is_comment(line.text)) return reject(fields[0], "a user and items, not a comment");
  if (fields.size() == 1 && is_several_fields(fields[0].text))
    return reject(fields[0], "a user and items separated by blanks or tabs, not by other marks");
  const auto overlong = std::ranges::find_if(fields, [](const Field& field) { return !is_id(field.text); });
  if (overlong != fields.end()) {
    errors.add(line, overlong->text, expected_id(overlong->text, "an id"));
    return nothing_;
  }
  const auto marked = std::ranges::find_if(fields, ends_in_mark);
  if (marked != fields.end()) return reject(*marked, "fields separated by blanks or tabs alone");
  if (fields.size() == 1) idle_.add(line, "user " + quote(fields[0].text));
  return fields;
}

void ListReader::tell_of_idle_users(const std::filesystem::path& path,
                                    mpi::Communicator& communicator) const {
  idle_.tell(path, "line is without items", "lines are without items", communicator);
}

}  // namespace gemel::ingest
