#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "ingest/string_column.hpp"

namespace gemel::ingest {

/// XXH3-64, unseeded: the hash by which vocabularies are ordered and dealt to ranks.
std::uint64_t hash_of(std::string_view text);

/// Numbers distinct strings in the order in which they first come: a hash table with open addressing, of 30 bytes and its characters a
/// string.
class StringTable {
 public:
  /// The number of `text`, a new one if it has not come before.
  std::uint32_t number(std::string_view text) {
    if (last_ < strings_.size() && strings_[last_] == text) return last_;
    return last_ = find_or_add(text);
  }

  /// The number of `text`, if it has come before.
  std::optional<std::uint32_t> find(std::string_view text) const;

  std::size_t size() const { return strings_.size(); }
  const StringColumn& strings() const { return strings_; }
  const std::vector<std::uint64_t>& hashes() const { return hashes_; }

 private:
  /// A place of the table: nothing, or the number of a string and the upper half of its hash.
  struct Slot {
    std::uint32_t number = none;
    std::uint32_t hash = 0;
  };
  static constexpr std::uint32_t none = 0xffffffffU;

  std::uint32_t find_or_add(std::string_view text);
  /// The slot that has the number of `text`, or else is free for it. There are slots.
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  void grow();

  StringColumn strings_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Slot> slots_;  // none, or a power of two of them
  std::uint32_t last_ = none;
};

}  // namespace gemel::ingest
