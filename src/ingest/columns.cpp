#include "ingest/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gemel::ingest {

std::string Columns::name_here(const std::string& name) const {
  const auto own = own_names.find(name);
  return has(name) || own == own_names.end() ? name : own->second;
}

std::string Columns::own_name(const std::string& name) const {
  const auto own =
      std::ranges::find(own_names, name, &std::map<std::string, std::string>::value_type::second);
  return own == own_names.end() ? name : own->first;
}

std::string Columns::describe() const {
  std::string text;
  const auto add = [&text](const std::string& name, const char* content) {
    if (!text.empty()) text += ", ";
    text += name + " (" + content + ")";
  };
  for (const auto& [name, column] : strings) add(name, "text");
  for (const auto& [name, column] : numbers) add(name, "number");
  for (const auto& [name, column] : decimals) add(name, "decimal number");
  if (text.empty()) text = "none";
  if (!unread.empty()) text += fmt::format("; and, not read: {}", fmt::join(unread, ", "));
  return text;
}

}  // namespace gemel::ingest
