#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/columns.hpp"
#include "ingest/distinct_strings.hpp"
#include "mpi/communicator.hpp"

namespace gemel::features {

/// Rows of a text vocabulary that are no tokens.
inline constexpr std::uint32_t padding_row = 0;
inline constexpr std::uint32_t unknown_token_row = 1;
inline constexpr std::size_t special_token_rows = 2;

/// Cuts text into tokens as Keras' TextVectorization does by default: A-Z become lower case, the 32
/// punctuation characters of ASCII vanish ("Schindler's" is "schindlers"), and white space separates. All
/// else, UTF-8 included, stays as it is.
class Tokenizer {
 public:
  /// The tokens of `text`; valid until the next call.
  const std::vector<std::string_view>& operator()(std::string_view text);

 private:
  std::string standardised_;
  std::vector<std::string_view> tokens_;
};

/// The non-empty parts of `text` between separators, without the white space (ASCII) around them.
std::vector<std::string_view> split_list(std::string_view text, std::string_view separator);

/// The vocabulary of all ranks' tokens: "" (padding), "[UNK]", then the most frequent tokens by descending count, ties
/// by descending bytes, as Keras' adapt() orders them; at most `max_rows` rows in all. A vocabulary that is not empty
/// is continued: its rows stay, and tokens that it lacks come after them in that order. The same on every rank,
/// however the tokens are spread; a rank needs memory for its share of the distinct tokens and n * max_rows of them.
/// Collective.
ingest::StringColumn build_text_vocabulary(const ingest::DistinctStrings& tokens, std::int64_t max_rows,
                                           const ingest::StringColumn& stored,
                                           mpi::Communicator& communicator);

}  // namespace gemel::features
