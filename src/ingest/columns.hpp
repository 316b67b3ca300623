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
  /// Makes room for so many strings of so many characters in all.
  void reserve(std::size_t strings, std::size_t characters) {
    ends_.reserve(strings);
    characters_.reserve(characters);
  }
  void push_back(std::string_view text) {
    characters_.append(text);
    ends_.push_back(characters_.size());
  }
  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  std::string_view operator[](std::size_t index) const {
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(characters_).substr(start, ends_[index] - start);
  }
  /// The characters of all strings, in order.
  std::string_view characters() const { return characters_; }
  /// Each string by itself.
  std::vector<std::string> texts() const;
  bool operator==(const StringColumn&) const = default;

 private:
  std::string characters_;
  std::vector<std::size_t> ends_;
};

/// Named columns of equal length: raw values as they were read, before featurisation. Text is UTF-8.
struct Columns {
  std::size_t rows = 0;
  std::map<std::string, StringColumn> strings;
  std::map<std::string, std::vector<std::int64_t>> numbers;
  /// Columns that have numbers with decimals: for weights, not for features.
  std::map<std::string, std::vector<double>> decimals;

  /// The names of all columns with what they hold, for messages: "item_id (text), title (text)".
  std::string describe() const;
};

}  // namespace gemel::ingest
