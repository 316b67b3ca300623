#include "ingest/record_cutter.hpp"

namespace gemel::ingest {
namespace {

/// Whether a quote that is open before `line` ends in it. Two quotes are one of the text.
bool ends_quote(std::string_view line) {
  for (std::size_t at = line.find('"'); at != line.npos; at = line.find('"', at + 2)) {
    if (at + 1 == line.size() || line[at + 1] != '"') return true;
  }
  return false;
}

}  // namespace

RecordJoiner::Record RecordJoiner::operator()(std::string_view text) {
  std::string_view rest = text;
  DelimitedText::take_line(rest);
  for (std::int64_t lines = 2; lines <= most_lines; ++lines) {
    if (rest.empty()) return {.text = {}, .is_unclear = true};
    const std::string_view line = DelimitedText::take_line(rest);
    const auto size = static_cast<std::size_t>(line.data() + line.size() - text.data());
    if (size > most_bytes) break;
    if (!ends_quote(line)) continue;
    const std::string_view record = text.substr(0, size);
    const std::size_t fields = split_(record).size();
    const bool takes_any = fields_ == any_fields;
    if (split_.fault().is_open && (takes_any || fields < fields_)) continue;  // another field goes on
    if (!split_.fault().expected.empty() || (!takes_any && fields != fields_)) break;
    return {record, lines};
  }
  return {};
}

bool RecordJoiner::is_open(std::string_view line) {
  if (line.find('"') == line.npos) return false;
  split_(line);
  return split_.fault().is_open;
}

std::vector<SampleLine> records_of(const std::vector<SampleLine>& lines, Separator separator) {
  std::vector<SampleLine> records;
  if (lines.empty()) return records;
  const char* const end = lines.back().text.data() + lines.back().text.size();
  const auto record_at = [&](std::string_view line, std::size_t fields) {
    RecordJoiner join(separator, fields);
    if (!join.is_open(line)) return line;
    const RecordJoiner::Record record = join({line.data(), static_cast<std::size_t>(end - line.data())});
    return record.lines > 0 ? record.text : line;
  };
  const std::string_view first = record_at(lines.front().text, RecordJoiner::any_fields);
  const std::size_t fields = FieldSplitter(separator)(first).size();
  const char* next = first.data();
  for (const SampleLine& line : lines) {
    if (line.text.data() < next) continue;
    records.push_back({line.number, record_at(line.text, fields)});
    next = records.back().text.data() + records.back().text.size();
  }
  return records;
}

}  // namespace gemel::ingest
