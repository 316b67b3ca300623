#include "ingest/string_exchange.hpp"

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

std::vector<std::size_t> lengths_of(const StringColumn& column) {
  std::vector<std::size_t> lengths(column.size());
  for (std::size_t i = 0; i < lengths.size(); ++i) lengths[i] = column[i].size();
  return lengths;
}

StringColumn assemble(std::span<const std::size_t> lengths, std::span<const char> characters) {
  StringColumn column;
  column.reserve(lengths.size(), characters.size());
  std::size_t start = 0;
  for (const std::size_t length : lengths) {
    column.push_back({characters.data() + start, length});
    start += length;
  }
  return column;
}

}  // namespace

StringColumn all_gather_strings(const StringColumn& mine, mpi::Communicator& communicator) {
  const std::vector<std::size_t> lengths = lengths_of(mine);
  const auto all_lengths = communicator.all_gather_varying(std::span<const std::size_t>(lengths));
  const auto all_characters = communicator.all_gather_varying(std::span<const char>(mine.characters()));
  return assemble(all_lengths, all_characters);
}

StringColumn all_to_all_strings(const StringColumn& mine, std::span<const std::size_t> counts,
                                std::vector<std::size_t>& received_counts, mpi::Communicator& communicator) {
  const std::vector<std::size_t> lengths = lengths_of(mine);
  std::vector<std::size_t> character_counts;
  std::size_t next = 0;
  for (const std::size_t count : counts) {
    std::size_t characters = 0;
    for (const std::size_t end = next + count; next < end; ++next) characters += lengths[next];
    character_counts.push_back(characters);
  }
  base::require(next == mine.size(), "ingest: every string must go to a rank");
  const auto received_lengths =
      communicator.all_to_all(std::span<const std::size_t>(lengths), counts, received_counts);
  std::vector<std::size_t> received_characters;
  const auto characters = communicator.all_to_all(std::span<const char>(mine.characters()), character_counts,
                                                  received_characters);
  return assemble(received_lengths, characters);
}

std::string first_text(const std::string& mine, mpi::Communicator& communicator) {
  for (const std::string& text : communicator.all_gather(mine))
    if (!text.empty()) return text;
  return {};
}

std::string bytes_on_root(const std::string& mine, mpi::Communicator& communicator) {
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  std::vector<std::size_t> unused;
  counts.front() = mine.size();
  const auto all = communicator.all_to_all(std::span<const char>(mine), counts, unused);
  return {all.begin(), all.end()};
}

}  // namespace gemel::ingest
