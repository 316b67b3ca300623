#include "ingest/columns.hpp"

namespace gemel::ingest {

std::string Columns::describe() const {
  std::string text;
  const auto add = [&text](const std::string& name, const char* content) {
    if (!text.empty()) text += ", ";
    text += name + " (" + content + ")";
  };
  for (const auto& [name, column] : strings) add(name, "text");
  for (const auto& [name, column] : numbers) add(name, "number");
  for (const auto& [name, column] : decimals) add(name, "decimal number");
  return text.empty() ? "none" : text;
}

}  // namespace gemel::ingest
