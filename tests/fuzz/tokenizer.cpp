// A title, cut into tokens and into a list: nothing is empty, and nothing has white space where it should not.
#include "features/text.hpp"

#include <string>

#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  std::string_view text = fuzzing::text_of(data, size);
  const char separator = static_cast<char>(fuzzing::take_byte(text));
  constexpr std::string_view white_space = " \t\n\v\f\r";
  features::Tokenizer tokenize;
  std::size_t length = 0;
  for (const std::string_view token : tokenize(text)) {
    fuzzing::check(!token.empty(), "a token is not empty");
    fuzzing::check(token.find_first_of(" \t\n\v\f\r.,!'\"ABCXYZ") == std::string_view::npos,
                   "a token has neither white space nor punctuation nor capitals");
    length += token.size();
  }
  fuzzing::check(length <= text.size(), "tokens are no longer than their text");
  for (const std::string_view part : features::split_list(text, std::string(1, separator))) {
    fuzzing::check(!part.empty() && fuzzing::is_within(part, text), "a part of a list lies within it");
    fuzzing::check(part.find(separator) == std::string_view::npos, "a part has no separator");
    fuzzing::check(white_space.find(part.front()) == std::string_view::npos &&
                       white_space.find(part.back()) == std::string_view::npos,
                   "a part has no white space around it");
  }
  return 0;
}
