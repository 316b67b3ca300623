#include "features/text.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/vocabulary.hpp"

namespace gemel::features {
namespace {

// Not <cctype>: its answers depend on the locale.
constexpr std::string_view punctuation = R"(!"#$%&()*+,-./:;<=>?@[\]^_`{|}~')";
constexpr std::string_view white_space = " \t\n\v\f\r";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Counts of tokens.
using Ranking = std::vector<std::pair<std::int64_t, std::string_view>>;

/// Sorts by descending count, then descending bytes, and cuts what is beyond `room`.
void keep_best(Ranking& ranking, std::size_t room) {
  std::sort(ranking.begin(), ranking.end(), std::greater<>());
  ranking.resize(std::min(ranking.size(), room));
}

}  // namespace

const std::vector<std::string_view>& Tokenizer::operator()(std::string_view text) {
  standardised_.clear();
  for (const char c : text) {
    if (punctuation.find(c) == std::string_view::npos) standardised_ += lower(c);
  }
  tokens_.clear();
  const std::string_view all = standardised_;
  for (std::size_t start = all.find_first_not_of(white_space); start != std::string_view::npos;) {
    const std::size_t end = std::min(all.find_first_of(white_space, start), all.size());
    tokens_.push_back(all.substr(start, end - start));
    start = all.find_first_not_of(white_space, end);
  }
  return tokens_;
}

std::vector<std::string_view> split_list(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  const auto add = [&](std::string_view part) {
    const std::size_t first = part.find_first_not_of(white_space);
    if (first != std::string_view::npos)
      parts.push_back(part.substr(first, part.find_last_not_of(white_space) + 1 - first));
  };
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator)) {
    add(text.substr(0, end));
    text.remove_prefix(end + separator.size());
  }
  add(text);
  return parts;
}

ingest::StringColumn build_text_vocabulary(const ingest::DistinctStrings& tokens, std::int64_t max_rows,
                                           const ingest::StringColumn& stored,
                                           mpi::Communicator& communicator) {
  base::require(max_rows > static_cast<std::int64_t>(special_token_rows),
                "a text vocabulary without room for tokens");
  ingest::StringColumn vocabulary = stored;
  if (vocabulary.empty()) {
    vocabulary.push_back("");
    vocabulary.push_back(ingest::unknown_token);
  }
  const std::size_t room =
      static_cast<std::size_t>(max_rows) - std::min(static_cast<std::size_t>(max_rows), vocabulary.size());
  const ingest::RowMap known = ingest::make_row_map(stored, std::min(special_token_rows, stored.size()));
  const ingest::DistinctStrings owned = ingest::gather_by_owner(tokens, communicator);
  Ranking best_here;
  for (std::size_t i = 0; i < owned.size(); ++i) {
    if (!known.contains(owned.strings[i])) best_here.emplace_back(owned.counts[i], owned.strings[i]);
  }
  keep_best(best_here, room);
  ingest::StringColumn strings;
  std::vector<std::int64_t> counts;
  for (const auto& [count, token] : best_here) {
    strings.push_back(token);
    counts.push_back(count);
  }
  const ingest::StringColumn all = ingest::all_gather_strings(strings, communicator);
  const auto all_counts = communicator.all_gather_varying(std::span<const std::int64_t>(counts));
  Ranking best;
  for (std::size_t i = 0; i < all.size(); ++i) best.emplace_back(all_counts[i], all[i]);
  keep_best(best, room);
  for (const auto& [count, token] : best) vocabulary.push_back(token);
  return vocabulary;
}

}  // namespace gemel::features
