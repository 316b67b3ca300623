#include "ingest/json_lines.hpp"

#include <algorithm>
#include <utility>

#include "ingest/json_record.hpp"

namespace gemel::ingest {

bool begins_object(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first != std::string_view::npos && line[first] == '{';
}

std::vector<std::string> keys_of_lines(const std::vector<SampleLine>& lines) {
  std::vector<std::string> keys;
  for (const SampleLine& line : lines) {
    for (std::string& key : keys_of(line.text))
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(std::move(key));
  }
  return keys;
}

void leave_out_unused(std::vector<std::string>& keys, PairColumns& columns) {
  std::vector<PairColumn> used;
  std::vector<std::string> their_keys;
  for (std::size_t field = 0; field < keys.size(); ++field) {
    if (columns[field] == PairColumn::unused) continue;
    used.push_back(columns[field]);
    their_keys.push_back(keys[field]);
  }
  columns = PairColumns(std::move(used), their_keys);
  keys = std::move(their_keys);
}

}  // namespace gemel::ingest
