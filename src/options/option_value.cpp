#include "options/option_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "features/declarations.hpp"

namespace gemel::options {
namespace {

using nlohmann::ordered_json;

template <class T>
std::function<ordered_json()> saver(const T& field) {
  return [&field] { return ordered_json(field); };
}

/// The number that `text` is from its first to its last character, or nothing.
template <class T>
std::optional<T> to_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

template <class T>
T to_whole_number(std::string_view text, T least, T most) {
  const auto number = to_number<T>(text);
  if (number && *number >= least && *number <= most) return *number;
  const bool is_unlimited = most == std::numeric_limits<T>::max();
  const bool is_huge =
      !number && !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_unlimited && !is_huge) throw ValueError(fmt::format("give a whole number of at least {}", least));
  throw ValueError(fmt::format("give a whole number from {} to {}", least, most));
}

template <class T>
std::vector<T> to_list(const std::string& text, const ListRules& rules) {
  std::vector<std::string> entries;
  boost::algorithm::split(entries, text, boost::algorithm::is_any_of(","));
  std::vector<T> numbers;
  for (std::string& entry : entries) {
    boost::algorithm::trim(entry);
    if (entry.empty()) {
      const std::string what =
          entries.size() == 1 ? "an empty list" : fmt::format("an empty {} between the commas", rules.noun);
      throw ValueError(fmt::format("{}; give positive {}s like {}", what, rules.noun, rules.example));
    }
    const auto number = to_number<std::uint64_t>(entry);
    if (!number || *number < 1 || *number > rules.most) {
      throw ValueError(fmt::format("{} is not a {} from 1 to {}; give positive {}s like {}", entry,
                                   rules.noun, rules.most, rules.noun, rules.example));
    }
    numbers.push_back(static_cast<T>(*number));
    if (rules.ascending && numbers.size() > 1 && numbers.back() <= numbers[numbers.size() - 2]) {
      throw ValueError(fmt::format("{} does not come after {} in ascending order; give ascending {}s like {}",
                                   entry, numbers[numbers.size() - 2], rules.noun, rules.example));
    }
  }
  return numbers;
}

/// Without the width of the embedding where it is `default_dim`, as in the defaults.
std::string short_declaration(const std::string& feature, std::size_t default_dim) {
  const std::string dim = fmt::format(":{}", default_dim);
  if (!feature.ends_with(dim)) return feature;
  const std::string shorter = feature.substr(0, feature.size() - dim.size());
  try {
    const bool is_same = features::parse_feature(shorter, default_dim).declaration() ==
                         features::parse_feature(feature, default_dim).declaration();
    return is_same ? shorter : feature;
  } catch (const base::UsageError&) {  // the number was something else
    return feature;
  }
}

float to_positive_number(const std::string& typed) {
  const auto number = to_number<float>(typed);
  if (!number || !std::isfinite(*number) || *number <= 0) throw ValueError("give a finite number above 0");
  return *number;
}

}  // namespace

template <class T>
OptionValue whole_number(T& field, std::type_identity_t<T> least, std::type_identity_t<T> most) {
  return {[&field, least, most](const std::string& typed) { field = to_whole_number<T>(typed, least, most); },
          [&field] { return fmt::format("{}", field); }, saver(field)};
}
template OptionValue whole_number(int&, int, int);
template OptionValue whole_number(std::int64_t&, std::int64_t, std::int64_t);
template OptionValue whole_number(std::uint64_t&, std::uint64_t, std::uint64_t);

OptionValue whole_number(std::optional<std::int64_t>& field, std::int64_t least,
                         std::function<std::int64_t()> value) {
  return {[&field, least](const std::string& typed) {
            field = to_whole_number<std::int64_t>(typed, least, std::numeric_limits<std::int64_t>::max());
          },
          [value] { return fmt::format("{}", value()); }, [value] { return ordered_json(value()); }};
}

OptionValue positive_number(float& field) {
  return {[&field](const std::string& typed) { field = to_positive_number(typed); },
          [&field] { return fmt::format("{}", field); }, saver(field)};
}

OptionValue positive_number(std::optional<float>& field, std::function<float()> value) {
  return {[&field](const std::string& typed) { field = to_positive_number(typed); },
          [value] { return fmt::format("{}", value()); }, [value] { return ordered_json(value()); }};
}

OptionValue non_negative_number(float& field) {
  const auto read = [&field](const std::string& typed) {
    const auto number = to_number<float>(typed);
    if (!number || !std::isfinite(*number) || *number < 0)
      throw ValueError("give a finite number of at least 0");
    field = *number;
  };
  return {read, [&field] { return fmt::format("{}", field); }, saver(field)};
}

template <class T>
OptionValue fraction(T& field) {
  const auto read = [&field](const std::string& typed) {
    const auto number = to_number<T>(typed);
    if (!number || !(*number >= 0 && *number < 1))
      throw ValueError("give a number of at least 0 and below 1");
    field = *number;
  };
  return {read, [&field] { return fmt::format("{}", field); }, saver(field)};
}
template OptionValue fraction(float&);
template OptionValue fraction(double&);

template <class T>
OptionValue number_list(std::vector<T>& field, ListRules rules) {
  return {[&field, rules](const std::string& typed) { field = to_list<T>(typed, rules); },
          [&field] { return fmt::format("{}", fmt::join(field, ",")); }, saver(field)};
}
template OptionValue number_list(std::vector<std::size_t>&, ListRules);
template OptionValue number_list(std::vector<std::int64_t>&, ListRules);

OptionValue text(std::string& field, std::string shown_when_empty) {
  const auto read = [&field, shown_when_empty](const std::string& typed) {
    if (typed == shown_when_empty && !typed.empty()) {
      field.clear();
    } else if (!typed.empty()) {
      field = typed;
    } else if (shown_when_empty.empty()) {
      throw ValueError("the value is empty; give one, or leave the option out");
    } else {
      throw ValueError(
          fmt::format("the value is empty; give one, or leave the option out ({})", shown_when_empty));
    }
  };
  return {read, [&field, shown_when_empty] { return field.empty() ? shown_when_empty : field; }};
}

OptionValue input_path(std::string& field, std::string shown_when_empty) {
  OptionValue value = text(field, std::move(shown_when_empty));
  value.save = [&field, show = value.show]() -> ordered_json {
    if (field.empty()) return show();
    return std::filesystem::absolute(field).lexically_normal().string();
  };
  value.inputs = [&field] { return field.empty() ? std::vector<std::string>() : std::vector{field}; };
  return value;
}

OptionValue input_paths(std::vector<std::string>& field, std::string shown_when_empty) {
  OptionValue value = texts(field);
  value.show = [&field, shown_when_empty] {
    return field.empty() ? shown_when_empty : fmt::format("{}", fmt::join(field, " "));
  };
  value.save = list_saver([&field] {
    std::vector<std::string> paths;
    for (const std::string& path : field)
      paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
    return paths;
  });
  value.inputs = [&field] { return field; };
  value.takes_words = true;
  return value;
}

OptionValue texts(std::vector<std::string>& field) {
  const auto read = [&field](const std::string& typed) {
    if (typed.empty()) throw ValueError("the value is empty; give one, or leave the option out");
    field.push_back(typed);
  };
  return {read, [&field] { return fmt::format("{}", fmt::join(field, " ")); }, saver(field),
          [&field] { field.clear(); }};
}

OptionValue feature_list(std::vector<std::string>& field, const std::size_t& default_dim) {
  OptionValue value = texts(field);
  value.read = [&field, &default_dim](const std::string& typed) {
    try {
      const std::string name = features::parse_feature(typed, default_dim).name();
      for (const features::FeatureSpec& other : features::parse_features(field, default_dim)) {
        if (other.name() == name)
          throw ValueError("this tower has a feature of this column and kind already; give it once");
      }
    } catch (const base::UsageError& error) {
      throw ValueError(error.what());
    }
    field.push_back(typed);
  };
  value.show = [&field, &default_dim] {
    std::vector<std::string> shown;
    for (const std::string& feature : field) shown.push_back(short_declaration(feature, default_dim));
    return fmt::format("{}", fmt::join(shown, " "));
  };
  value.save = list_saver([&field, &default_dim] {
    std::vector<std::string> declarations;
    for (const features::FeatureSpec& spec : features::parse_features(field, default_dim))
      declarations.push_back(spec.declaration());
    return declarations;
  });
  return value;
}

OptionValue toggle(bool& field) {
  OptionValue value = choice<bool>(field, {{"true", true}, {"false", false}});
  value.save = saver(field);
  value.is_switch = true;
  return value;
}

std::function<ordered_json()> list_saver(std::function<std::vector<std::string>()> texts) {
  return [texts = std::move(texts)] { return ordered_json(texts()); };
}

OptionValue interval(Interval& field) {
  using Unit = Interval::Unit;
  const auto read = [&field](const std::string& typed) {
    const auto digits = std::min(typed.find_first_not_of("0123456789"), typed.size());
    const auto count = to_number<std::int64_t>(std::string_view(typed).substr(0, digits));
    const std::string unit = boost::algorithm::trim_copy(typed.substr(digits));
    const bool is_epochs = unit.empty() || unit == "epochs" || unit == "epoch";
    if (!count || (!is_epochs && unit != "steps" && unit != "step")) {
      throw ValueError(
          "give N or Nepochs or Nsteps, like 50epochs or 1000steps; 0 means only at the end of the run");
    }
    field = {*count, is_epochs ? Unit::epochs : Unit::steps};
  };
  const auto show = [&field]() -> std::string {
    if (field.count == 0) return "0";
    return fmt::format("{}{}", field.count, field.unit == Unit::epochs ? "epochs" : "steps");
  };
  return {read, show};
}

}  // namespace gemel::options
