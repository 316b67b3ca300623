#include "options/option_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <boost/program_options.hpp>
#include <iterator>
#include <sstream>

#include "base/error.hpp"
#include "options/nearest_name.hpp"

namespace gemel::options {
namespace {

namespace po = boost::program_options;

/// As Boost takes the names of an option: "top,k".
std::string boost_name(const Option& option) {
  return option.letter == 0 ? option.name : fmt::format("{},{}", option.name, option.letter);
}

po::options_description to_boost(const std::vector<Option>& options) {
  po::options_description description;
  for (const Option& option : options) {
    if (option.value.takes_words) {
      description.add_options()(boost_name(option).c_str(),
                                po::value<std::vector<std::string>>()->multitoken());
      continue;
    }
    auto* value = po::value<std::string>();
    if (option.value.is_switch) value->implicit_value("true");
    description.add_options()(boost_name(option).c_str(), value);
  }
  return description;
}

po::positional_options_description arguments_of(const std::vector<Option>& options) {
  po::positional_options_description arguments;
  for (const Option& option : options) {
    if (option.is_argument) arguments.add(option.name.c_str(), option.value.reset ? -1 : 1);
  }
  return arguments;
}

/// What Boost could not make sense of, in our words.
std::string explain(const po::invalid_command_line_syntax& error) {
  switch (error.kind()) {
    case po::invalid_syntax::missing_parameter:
      return "the value is missing";
    case po::invalid_syntax::empty_adjacent_parameter:
      return "the value after = is empty";
    default:
      return error.what();
  }
}

/// The values of an option of the command line, one but for options that take words. `command` is for messages.
std::vector<std::string> values_of(const po::option& option, const std::string& command) {
  const std::vector<std::string> values =
      option.value.empty() ? std::vector<std::string>{"true"} : option.value;
  const std::string& value = values.front();
  if (option.string_key.empty()) {
    throw base::UsageError(fmt::format(
        "{}: this belongs to no option; options look like --epochs 10, switches like --logq-correction or "
        "--logq-correction=false. See {} --help",
        value, command));
  }
  // Boost takes the next word whatever it is.
  if (option.original_tokens.size() > 1 && value.starts_with("--")) {
    throw base::UsageError(fmt::format("--{}: the value is missing before {}. See {} --help",
                                       option.string_key, value, command));
  }
  return values;
}

void add_help(const Option& option, po::options_description& group) {
  auto* value = po::value<std::string>()->value_name(option.placeholder);
  group.add_options()(boost_name(option).c_str(), value,
                      fmt::format("{} Default: {}.", option.explanation, option.value.show()).c_str());
}

}  // namespace

std::string without_dashes(const std::string& name) {
  return boost::algorithm::trim_left_copy_if(name, [](char letter) { return letter == '-'; });
}

OptionTable::OptionTable(std::string command, std::vector<Option> options) : command_(std::move(command)) {
  while (!options.empty()) {
    const auto others = std::ranges::stable_partition(
        options, [group = options.front().group](const Option& option) { return option.group == group; });
    std::move(options.begin(), others.begin(), std::back_inserter(options_));
    options.erase(options.begin(), others.begin());
  }
}

bool OptionTable::takes_arguments() const {
  return std::ranges::any_of(options_, &Option::is_argument);
}

void OptionTable::read_command_line(std::span<const std::string> arguments) {
  using namespace po::command_line_style;
  // unix_style without guessing: abbreviated names would change their meaning when an option is added.
  const int style = unix_style & ~allow_guessing;
  const po::options_description description = to_boost(options_);
  std::vector<Given> source;
  try {
    po::command_line_parser parser(std::vector<std::string>(arguments.begin(), arguments.end()));
    parser.options(description).style(style);
    const po::positional_options_description places = arguments_of(options_);
    if (takes_arguments()) parser.positional(places);
    for (const po::option& option : parser.run().options) {
      for (const std::string& value : values_of(option, command_)) {
        const std::string shown = value.empty() ? "''" : value;
        const bool is_named = option.position_key < 0;
        const std::string where = is_named ? fmt::format("--{} {}", option.string_key, shown) : shown;
        source.push_back({option.string_key, value, where});
      }
    }
  } catch (const po::too_many_positional_options_error&) {
    throw base::UsageError(
        fmt::format("{}: there are more words than it takes; options look like --name value. See {} --help",
                    command_, command_));
  } catch (const po::unknown_option& error) {
    const std::string name = error.get_option_name();
    throw base::UsageError(
        fmt::format("{}: no such option.{}", name, suggestion(without_dashes(name), "--")));
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string name = without_dashes(error.get_option_name());
    const auto option = std::ranges::find(options_, name, &Option::name);
    const std::string usage =
        option == options_.end() ? name : fmt::format("{} {}", name, option->placeholder);
    throw base::UsageError(
        fmt::format("--{}: {}; give --{}. See {} --help", name, explain(error), usage, command_));
  }
  require_arguments(source);
  take(source);
}

void OptionTable::require_arguments(const std::vector<Given>& source) const {
  for (const Option& option : options_) {
    if (!option.is_argument || std::ranges::count(source, option.name, &Given::name) > 0) continue;
    throw base::UsageError(
        fmt::format("{0}: {1} is missing; give {0} {1}. See {0} --help", command_, option.placeholder));
  }
}

void OptionTable::read_configuration(const std::string& content, const std::string& file_name) {
  const po::options_description description = to_boost(options_);
  std::istringstream lines(content);
  std::vector<Given> source;
  std::string line;
  // One line at a time, because Boost does not tell in which line it found something.
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string where = fmt::format("{}:{}", file_name, number);
    if (boost::algorithm::trim_copy(line) == "[data]") continue;  // what it groups have names of their own
    try {
      std::istringstream one(line);
      for (const po::option& option : po::parse_config_file(one, description, true).options) {
        const std::string value = option.value.empty() ? "" : option.value.front();
        source.push_back(
            {option.string_key, value, fmt::format("{}: {} = {}", where, option.string_key, value)});
      }
    } catch (const po::error&) {
      throw base::UsageError(fmt::format("{}: {}: not a line of the form name = value", where,
                                         boost::algorithm::trim_copy(line)));
    }
  }
  for (const Given& given : source) find(given);
  take(source);
}

const Option& OptionTable::find(const Given& given) const {
  const auto found = std::ranges::find(options_, given.name, &Option::name);
  if (found != options_.end()) return *found;
  throw base::UsageError(fmt::format("{}: no such option.{}", given.where, suggestion(given.name, "")));
}

std::string OptionTable::suggestion(const std::string& name, const std::string& dashes) const {
  std::vector<std::string> names;
  for (const Option& option : options_) names.push_back(option.name);
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? fmt::format(" See {} --help", command_)
                         : fmt::format(" Did you mean {}{}? See {} --help", dashes, nearest, command_);
}

void OptionTable::take(const std::vector<Given>& source) {
  std::set<std::string> given_here;
  for (const Given& given : source) {
    const Option& option = find(given);
    if (settled_.contains(given.name)) continue;
    const bool is_first = given_here.insert(given.name).second;
    if (!is_first && !option.value.reset) {
      throw base::UsageError(fmt::format("{}: this option was given before; give it once", given.where));
    }
    if (is_first && option.value.reset) option.value.reset();
    try {
      option.value.read(given.value);
    } catch (const ValueError& error) {
      throw base::UsageError(fmt::format("{}: {}", given.where, error.what()));
    }
  }
  settled_.merge(given_here);
}

void OptionTable::read_saved(const std::vector<SavedOption>& saved, const std::string& source) {
  for (const SavedOption& option : saved) {
    if (!is_given(option.name) && restore(options_, option, source)) saved_.insert(option.name);
  }
}

std::vector<std::pair<std::string, std::string>> OptionTable::settings() const {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const Option& option : options_) settings.emplace_back(option.name, option.value.show());
  return settings;
}

std::string OptionTable::help_of(const std::string& name) const {
  const Option& option = find({name, "", fmt::format("--help {}", name)});
  constexpr unsigned width = 80;
  po::options_description group(option.group, width, width / 2);
  add_help(option, group);
  std::ostringstream out;
  out << group;
  return out.str();
}

std::string OptionTable::help() const {
  constexpr unsigned width = 100;
  po::options_description all(width, width / 2);
  for (auto first = options_.begin(); first != options_.end();) {
    const auto last =
        std::find_if(first, options_.end(), [&](const Option& o) { return o.group != first->group; });
    po::options_description group(first->group, width, width / 2);
    for (auto option = first; option != last; ++option) add_help(*option, group);
    all.add(group);
    first = last;
  }
  std::ostringstream out;
  out << all;
  return out.str();
}

}  // namespace gemel::options
