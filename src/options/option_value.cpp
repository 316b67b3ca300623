#include "options/option_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace gemel::options {
namespace {

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

}  // namespace

template <class T>
OptionValue whole_number(T& field, std::type_identity_t<T> least, std::type_identity_t<T> most) {
  return {[&field, least, most](const std::string& typed) { field = to_whole_number<T>(typed, least, most); },
          [&field] { return fmt::format("{}", field); }};
}
template OptionValue whole_number(int&, int, int);
template OptionValue whole_number(std::int64_t&, std::int64_t, std::int64_t);
template OptionValue whole_number(std::uint64_t&, std::uint64_t, std::uint64_t);

OptionValue positive_number(float& field) {
  const auto read = [&field](const std::string& typed) {
    const auto number = to_number<float>(typed);
    if (!number || !std::isfinite(*number) || *number <= 0) throw ValueError("give a finite number above 0");
    field = *number;
  };
  return {read, [&field] { return fmt::format("{}", field); }};
}

OptionValue non_negative_number(float& field) {
  const auto read = [&field](const std::string& typed) {
    const auto number = to_number<float>(typed);
    if (!number || !std::isfinite(*number) || *number < 0)
      throw ValueError("give a finite number of at least 0");
    field = *number;
  };
  return {read, [&field] { return fmt::format("{}", field); }};
}

template <class T>
OptionValue fraction(T& field) {
  const auto read = [&field](const std::string& typed) {
    const auto number = to_number<T>(typed);
    if (!number || !(*number >= 0 && *number < 1))
      throw ValueError("give a number of at least 0 and below 1");
    field = *number;
  };
  return {read, [&field] { return fmt::format("{}", field); }};
}
template OptionValue fraction(float&);
template OptionValue fraction(double&);

template <class T>
OptionValue number_list(std::vector<T>& field, ListRules rules) {
  return {[&field, rules](const std::string& typed) { field = to_list<T>(typed, rules); },
          [&field] { return fmt::format("{}", fmt::join(field, ",")); }};
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

OptionValue texts(std::vector<std::string>& field) {
  const auto read = [&field](const std::string& typed) {
    if (typed.empty()) throw ValueError("the value is empty; give one, or leave the option out");
    field.push_back(typed);
  };
  return {read, [&field] { return fmt::format("{}", fmt::join(field, " ")); }, [&field] { field.clear(); }};
}

OptionValue toggle(bool& field) {
  OptionValue value = choice<bool>(field, {{"true", true}, {"false", false}});
  value.is_switch = true;
  return value;
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
