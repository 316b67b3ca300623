#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/string_table.hpp"

namespace gemel::ingest {

/// Texts of which many are alike, such as the users of interactions: each distinct one is kept once, and 4 bytes a row.
class TextColumn {
 public:
  TextColumn() = default;
  TextColumn(const StringColumn& texts);
  /// Row i has string codes[i] of `distinct`.
  TextColumn(StringTable distinct, std::vector<std::uint32_t> codes);

  void reserve(std::size_t rows) { codes_.reserve(rows); }
  void push_back(std::string_view text) { codes_.push_back(table_.number(text)); }
  /// Takes away all rows but the first ones, as if they had never come.
  void keep_first(std::size_t rows);
  std::size_t size() const { return codes_.size(); }
  bool empty() const { return codes_.empty(); }
  std::string_view operator[](std::size_t row) const { return table_.strings()[codes_[row]]; }

  /// The distinct texts, in the order in which they first came, and their hashes. Some may be those of no row.
  const StringColumn& distinct() const { return table_.strings(); }
  const std::vector<std::uint64_t>& hashes() const { return table_.hashes(); }
  std::uint64_t hash(std::size_t row) const { return table_.hashes()[codes_[row]]; }
  /// Of each row, which of them it has.
  const std::vector<std::uint32_t>& codes() const { return codes_; }
  /// The text of every row, by itself.
  StringColumn rows() const;
  /// The text of each of these rows.
  StringColumn rows(std::size_t first, std::size_t count) const;

 private:
  StringTable table_;
  std::vector<std::uint32_t> codes_;
};

}  // namespace gemel::ingest
