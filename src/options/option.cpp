#include "options/option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"

namespace gemel::options {
namespace {

std::string joined(const std::vector<std::string>& values) {
  return values.empty() ? "none" : fmt::format("{}", fmt::join(values, ","));
}

std::string element_text(const nlohmann::ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  const auto number = value.get<double>();
  const auto single = static_cast<float>(number);  // what most options are: 0.1, not 0.10000000149011612
  return static_cast<double>(single) == number ? fmt::format("{}", single) : fmt::format("{}", number);
}

}  // namespace

nlohmann::ordered_json saved_value(const Option& option) {
  return option.value.save ? option.value.save() : nlohmann::ordered_json(option.value.show());
}

std::vector<std::string> as_given(const nlohmann::ordered_json& value) {
  if (!value.is_array()) return {element_text(value)};
  std::vector<std::string> values;
  for (const auto& element : value) values.push_back(element_text(element));
  return values;
}

std::string as_text(const nlohmann::ordered_json& value) {
  return joined(as_given(value));
}

void restore(const Option& option, const std::vector<std::string>& values) {
  const OptionValue& value = option.value;
  if (value.reset) {
    value.reset();
    for (const std::string& each : values) value.read(each);
  } else {
    (value.restore ? value.restore : value.read)(joined(values));
  }
}

bool restore(const std::vector<Option>& options, const SavedOption& saved, const std::string& source) {
  const auto option = std::ranges::find(options, saved.name, &Option::name);
  if (option == options.end() || option->effect == Effect::none) return false;  // of another meaning
  try {
    restore(*option, saved.values);
  } catch (const ValueError& error) {
    throw base::CheckpointError(
        fmt::format("{}: its setting {} = {}: {}", source, saved.name, joined(saved.values), error.what()));
  }
  return true;
}

}  // namespace gemel::options
