#include "ingest/comments.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

constexpr std::array marks = {"#"sv, "%"sv, "//"sv};

/// Marks that may begin a comment with no blank after them. Two slashes do not: ids in base 64 may begin with them.
constexpr std::array close_marks = {"#"sv, "%"sv};

/// The mark with which a line begins, after blanks; empty: none.
std::string_view mark_of(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto mark =
      std::ranges::find_if(marks, [&](std::string_view text) { return line.starts_with(text); });
  return mark == marks.end() ? ""sv : *mark;
}

/// Of the lines that begin with `mark`, the first, unless they are as many as ids would be.
const SampleLine* find_probable(const std::vector<SampleLine>& lines, std::string_view mark) {
  const auto begins = [&](const SampleLine& line) { return mark_of(line.text) == mark; };
  const auto all = static_cast<std::size_t>(std::ranges::count_if(lines, begins));
  if (all == 0 || all == lines.size()) return nullptr;
  const auto other = std::ranges::find_if_not(lines, begins);
  const bool are_first = static_cast<std::size_t>(other - lines.begin()) == all;
  if (!are_first && all > 1 && all * 10 > lines.size()) return nullptr;
  return &*std::ranges::find_if(lines, begins);
}

}  // namespace

bool is_comment(std::string_view line) {
  if (line.empty() || " \t#%/"sv.find(line[0]) == std::string_view::npos) return false;  // nearly always
  const std::string_view mark = mark_of(line);
  if (mark.empty()) return false;
  line.remove_prefix(line.find_first_not_of(" \t") + mark.size());
  return line.empty() || line[0] == ' ' || line[0] == '\t' || (mark.size() == 1 && line[0] == mark[0]);
}

const SampleLine* find_comment(const std::vector<SampleLine>& lines) {
  const auto sure = std::ranges::find_if(lines, [](const SampleLine& line) { return is_comment(line.text); });
  const SampleLine* first = sure == lines.end() ? nullptr : &*sure;
  for (const std::string_view mark : close_marks) {
    const SampleLine* probable = find_probable(lines, mark);
    if (probable != nullptr && (first == nullptr || probable->number < first->number)) first = probable;
  }
  return first;
}

}  // namespace gemel::ingest
