#include "cli/given_arguments.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "options/settings.hpp"

namespace gemel::cli {
namespace {

/// A word as a shell reads it.
std::string shell_word(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=,:+@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

}  // namespace

std::string given_arguments(const std::vector<options::Option>& rows, const options::OptionTable& table) {
  std::string arguments;
  for (const options::Option& row : rows) {
    if (!table.is_given(row.name)) continue;
    const bool is_list = row.value.reset != nullptr;
    const auto values =
        is_list ? options::as_given(options::saved_value(row)) : std::vector<std::string>{row.value.show()};
    for (const std::string& value : values) arguments += fmt::format(" --{} {}", row.name, shell_word(value));
  }
  return arguments;
}

}  // namespace gemel::cli
