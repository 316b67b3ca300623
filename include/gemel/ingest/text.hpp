#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/ingest/columns.hpp"
#include "gemel/mpi/communicator.hpp"

namespace gemel::ingest {

/// Rows of a text vocabulary that are no tokens.
inline constexpr std::int32_t padding_row = 0;
inline constexpr std::int32_t unknown_token_row = 1;
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

/// The vocabulary of a column of text that is spread over the ranks: "" (padding), "[UNK]", then the most
/// frequent tokens by descending count, ties by descending bytes, as Keras' adapt() orders them; at most
/// `max_rows` rows in all. The same on every rank, however the rows are spread. Collective.
std::vector<std::string> build_text_vocabulary(const StringColumn& column, std::int64_t max_rows,
                                               mpi::Communicator& communicator);

}  // namespace gemel::ingest
