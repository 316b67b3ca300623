// A text, of which the first bytes say separator, fields and pieces: its records are the text, and the same however it is cut into pieces and
// from whichever record on.
#include "ingest/record_cutter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/fuzzing.hpp"

namespace {

using namespace gemel;
using Records = std::vector<std::pair<std::int64_t, std::string>>;

/// Number of the first line and text of each record; pieces are of at least `piece` bytes, and end where lines do.
Records records_of(std::string_view text, const ingest::RecordJoiner& joiner, ingest::LineRange lines,
                   std::size_t piece) {
  Records records;
  ingest::RecordJoiner is_open = joiner;
  ingest::RecordCutter cutter(joiner, 1, lines);
  const auto visit = [&](const ingest::Line& line) {
    if (!line.is_whole && is_open.is_open(line.text)) return false;
    records.emplace_back(line.number, line.text);
    return true;
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n', piece);
    const std::string_view next = text.substr(0, end == text.npos ? end : end + 1);
    cutter.add(std::string(next), visit);  // by itself: nothing may look beyond it
    text.remove_prefix(next.size());
  }
  cutter.finish("", visit);
  return records;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using enum ingest::Separator;
  constexpr std::array separators = {tab, double_colon, semicolon, comma, bar, blanks};
  std::string_view text = fuzzing::text_of(data, size);
  const auto separator = separators[fuzzing::take_byte(text) % separators.size()];
  const ingest::RecordJoiner joiner(separator, 1 + fuzzing::take_byte(text) % 4);
  const std::size_t piece = fuzzing::take_byte(text);
  const Records whole = records_of(text, joiner, {}, text.size());
  fuzzing::check(records_of(text, joiner, {}, piece) == whole, "pieces do not matter");
  std::string_view rest = text;
  std::int64_t number = 1;
  for (const auto& [line, record] : whole) {
    fuzzing::check(line == number, "records follow each other");
    fuzzing::check(rest.starts_with(record), "records are the text");
    rest.remove_prefix(record.size());
    fuzzing::check(rest.empty() || rest.starts_with('\n') || rest.starts_with("\r"),
                   "records end where lines do");
    const std::size_t end = rest.find('\n');
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    number = line + 1 + std::count(record.begin(), record.end(), '\n');
  }
  fuzzing::check(rest.empty(), "records are all of the text");
  if (whole.empty()) return 0;
  const std::size_t half = whole.size() / 2;
  const Records later = records_of(text, joiner, {.begin = whole[half].first}, piece);
  fuzzing::check(later == Records(whole.begin() + static_cast<std::ptrdiff_t>(half), whole.end()),
                 "a record is the same whatever is before it");
  Records halves = records_of(text, joiner, {.end = whole[half].first}, piece);
  halves.insert(halves.end(), later.begin(), later.end());
  fuzzing::check(halves == whole, "two halves are the whole");
  return 0;
}
