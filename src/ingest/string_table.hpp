#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "ingest/string_column.hpp"

namespace gemel::ingest {

/// XXH3-64, unseeded: the hash by which vocabularies are ordered and dealt to ranks.
std::uint64_t hash_of(std::string_view text);

/// Numbers distinct strings in the order in which they first come: a hash table with open addressing, of 32 to 48 bytes and its
/// characters a string. Ids are short as a rule: what has up to seven characters is its own key, and found by looking at one slot.
class StringTable {
 public:
  /// The number of `text`, a new one if it has not come before.
  std::uint32_t number(std::string_view text) {
    if (text.size() > longest_packed) return last_ = number_of_long(text);
    const std::uint64_t key = packed(text);
    if (key == last_key_) return last_;
    last_key_ = key;
    return last_ = find_or_add(key, text);
  }

  /// The number of `text`, if it has come before.
  std::optional<std::uint32_t> find(std::string_view text) const;

  std::size_t size() const { return strings_.size(); }
  const StringColumn& strings() const { return strings_; }
  const std::vector<std::uint64_t>& hashes() const { return hashes_; }

 private:
  static constexpr std::size_t longest_packed = 7;
  static constexpr std::uint64_t no_key = 0;

  /// A place of the table: nothing, or the key of a string and its number.
  struct Slot {
    std::uint32_t key_low = 0;
    std::uint32_t key_high = 0;
    std::uint32_t number = 0;

    std::uint64_t key() const { return std::uint64_t{key_high} << 32 | key_low; }
  };

  /// The characters of a short string, and in the highest byte one more than how many they are.
  static std::uint64_t packed(std::string_view text) {
    const std::size_t size = text.size();
    std::uint64_t key = std::uint64_t{size + 1} << 56;
    if (size >= 4) {
      key |= bytes4(text.data()) | bytes4(text.data() + size - 4) << 8 * (size - 4);
    } else if (size > 0) {
      key |= byte(text[0]) | byte(text[size / 2]) << 8 * (size / 2) | byte(text[size - 1]) << 8 * (size - 1);
    }
    return key;
  }
  static std::uint64_t byte(char c) { return static_cast<unsigned char>(c); }
  static std::uint64_t bytes4(const char* at) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, at, sizeof(bytes));
    return bytes;
  }
  /// Of a string that is not short: its hash, with a highest byte that no short one has.
  static std::uint64_t key_of_hash(std::uint64_t hash) { return hash | std::uint64_t{1} << 63; }

  std::uint32_t number_of_long(std::string_view text);
  std::uint32_t find_or_add(std::uint64_t key, std::string_view text);
  /// The slot that has `text`, or else is free for it. There are slots.
  std::size_t slot_of(std::uint64_t key, std::string_view text) const;
  /// The slot in which the search for a key begins.
  std::size_t first_slot(std::uint64_t key) const;
  void grow();

  StringColumn strings_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Slot> slots_;          // none, or a power of two of them
  std::uint32_t last_ = 0;           // the number that was returned last
  std::uint64_t last_key_ = no_key;  // of the short string that came last, if a short one did
};

}  // namespace gemel::ingest
