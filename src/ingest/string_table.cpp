#include "ingest/string_table.hpp"

#include <limits>

#include "base/error.hpp"
#include "ingest/inline_xxhash.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t first_slots = 16;

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::size_t StringTable::first_slot(std::uint64_t key) const {
  // Both halves of a product have all bits of the key in them.
  const auto product = static_cast<unsigned __int128>(key) * 0x9e3779b97f4a7c15U;
  return static_cast<std::uint64_t>(product ^ product >> 64) & (slots_.size() - 1);
}

std::size_t StringTable::slot_of(std::uint64_t key, std::string_view text) const {
  const std::size_t mask = slots_.size() - 1;
  const bool is_short = text.size() <= longest_packed;
  for (std::size_t at = first_slot(key);; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.key() == no_key) return at;
    if (slot.key() == key && (is_short || strings_[slot.number] == text)) return at;
  }
}

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint64_t key = text.size() > longest_packed ? key_of_hash(hash_of(text)) : packed(text);
  const Slot& slot = slots_[slot_of(key, text)];
  return slot.key() == no_key ? std::nullopt : std::optional(slot.number);
}

std::uint32_t StringTable::number_of_long(std::string_view text) {
  last_key_ = no_key;
  if (last_ < strings_.size() && strings_[last_] == text) return last_;
  return find_or_add(key_of_hash(hash_of(text)), text);
}

std::uint32_t StringTable::find_or_add(std::uint64_t key, std::string_view text) {
  if (4 * strings_.size() >= 3 * slots_.size()) grow();
  Slot& slot = slots_[slot_of(key, text)];
  if (slot.key() != no_key) return slot.number;
  base::require(strings_.size() < std::numeric_limits<std::uint32_t>::max(),
                "ingest: a rank has more than 2^32 - 1 distinct strings of one column; start more ranks");
  slot = {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32),
          static_cast<std::uint32_t>(strings_.size())};
  strings_.push_back(text);
  hashes_.push_back(hash_of(text));
  return slot.number;
}

void StringTable::grow() {
  const std::vector<Slot> before = std::move(slots_);
  slots_.assign(before.empty() ? first_slots : 2 * before.size(), {});
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : before) {
    if (slot.key() == no_key) continue;
    std::size_t at = first_slot(slot.key());
    while (slots_[at].key() != no_key) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace gemel::ingest
