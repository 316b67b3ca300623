#include "gemel/ingest/text.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <unordered_map>
#include <utility>

#include "gemel/base/error.hpp"
#include "gemel/ingest/vocabulary.hpp"

namespace gemel::ingest {
namespace {

// Not <cctype>: its answers depend on the locale.
constexpr std::string_view punctuation = R"(!"#$%&()*+,-./:;<=>?@[\]^_`{|}~')";
constexpr std::string_view white_space = " \t\n\v\f\r";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
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

std::vector<std::string> build_text_vocabulary(const StringColumn& column, std::int64_t max_rows,
                                               mpi::Communicator& communicator) {
  base::require(max_rows > static_cast<std::int64_t>(special_token_rows),
                "a text vocabulary without room for tokens");
  Tokenizer tokenize;
  std::unordered_map<std::string, std::int64_t> count_here;
  for (std::size_t row = 0; row < column.size(); ++row) {
    for (const std::string_view token : tokenize(column[row])) ++count_here[std::string(token)];
  }
  StringColumn tokens_here;
  std::vector<std::int64_t> counts_here;
  for (const auto& [token, count] : count_here) {
    tokens_here.push_back(token);
    counts_here.push_back(count);
  }
  const StringColumn tokens = all_gather_strings(tokens_here, communicator);
  const auto counts = communicator.all_gather_varying(std::span<const std::int64_t>(counts_here));

  std::unordered_map<std::string_view, std::int64_t, StringHash> count_of;
  for (std::size_t i = 0; i < tokens.size(); ++i) count_of[tokens[i]] += counts[i];
  std::vector<std::pair<std::int64_t, std::string_view>> order;
  for (const auto& [token, count] : count_of) order.emplace_back(count, token);
  std::sort(order.begin(), order.end(), std::greater<>());
  order.resize(std::min(order.size(), static_cast<std::size_t>(max_rows) - special_token_rows));
  std::vector<std::string> vocabulary = {"", std::string(unknown_token)};
  for (const auto& [count, token] : order) vocabulary.emplace_back(token);
  return vocabulary;
}

}  // namespace gemel::ingest
