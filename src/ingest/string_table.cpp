#include "ingest/string_table.hpp"

#include <xxhash.h>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t first_slots = 16;

std::uint32_t upper_half(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  return XXH3_64bits(text.data(), text.size());
}

std::size_t StringTable::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].number != none &&
         (slots_[at].hash != upper_half(hash) || strings_[slots_[at].number] != text))
    at = (at + 1) & mask;
  return at;
}

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t number = slots_[slot_of(text, hash_of(text))].number;
  return number == none ? std::nullopt : std::optional(number);
}

std::uint32_t StringTable::find_or_add(std::string_view text) {
  if (strings_.size() >= slots_.size() / 2) grow();
  const std::uint64_t hash = hash_of(text);
  Slot& slot = slots_[slot_of(text, hash)];
  if (slot.number != none) return slot.number;
  base::require(strings_.size() < none,
                "ingest: a rank has more than 2^32 - 1 distinct strings of one column; start more ranks");
  slot = {static_cast<std::uint32_t>(strings_.size()), upper_half(hash)};
  strings_.push_back(text);
  hashes_.push_back(hash);
  return slot.number;
}

void StringTable::grow() {
  std::vector<Slot> slots(slots_.empty() ? first_slots : 2 * slots_.size());
  const std::size_t mask = slots.size() - 1;
  for (std::size_t number = 0; number < hashes_.size(); ++number) {
    std::size_t at = hashes_[number] & mask;
    while (slots[at].number != none) at = (at + 1) & mask;
    slots[at] = {static_cast<std::uint32_t>(number), upper_half(hashes_[number])};
  }
  slots_ = std::move(slots);
}

}  // namespace gemel::ingest
