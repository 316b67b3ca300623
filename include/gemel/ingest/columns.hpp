#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gemel::ingest {

/// Many strings, packed end to end: 8 bytes and its characters each.
class StringColumn {
 public:
  void push_back(std::string_view text) {
    characters_.append(text);
    ends_.push_back(characters_.size());
  }
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t index) const {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(characters_).substr(start, ends_[index] - start);
  }

 private:
  std::string characters_;
  std::vector<std::size_t> ends_;
};

/// Named columns of equal length: raw values as they were read, before featurisation. Text is UTF-8.
struct Columns {
  std::size_t rows = 0;
  std::map<std::string, StringColumn> strings;
  std::map<std::string, std::vector<std::int64_t>> numbers;

  /// The names of all columns with what they hold, for messages: "item_id (text), title (text)".
  std::string describe() const;
};

}  // namespace gemel::ingest
