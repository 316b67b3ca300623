#include "serving/csv_field.hpp"

namespace gemel::serving {

void append_csv_field(std::string_view text, std::string& bytes) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    bytes.append(text);
    return;
  }
  bytes += '"';
  for (const char letter : text) bytes.append(letter == '"' ? 2 : 1, letter);
  bytes += '"';
}

}  // namespace gemel::serving
