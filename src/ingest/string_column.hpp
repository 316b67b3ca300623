#pragma once

#include <cstddef>
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

}  // namespace gemel::ingest
