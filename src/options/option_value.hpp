#pragma once

#include <algorithm>
#include <boost/algorithm/string/join.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gemel/options.hpp"

namespace gemel::options {

/// Says what is wrong with a value and what is allowed. The option table puts in front of it where the value
/// was given.
struct ValueError : std::invalid_argument {
  using invalid_argument::invalid_argument;
};

/// How the text of an option is read into a field of an options struct, and the field shown as text and kept in a checkpoint. Refers
/// to the field, which must outlive it.
struct OptionValue {
  /// Throws ValueError and leaves the field alone when the text is not allowed.
  std::function<void(const std::string&)> read;
  std::function<std::string()> show;
  /// The field in a checkpoint; null: what is shown. As texts again, read() takes it.
  std::function<nlohmann::ordered_json()> save = nullptr;
  /// For options that may be given several times: forgets the default before the first value is read. Else
  /// null.
  std::function<void()> reset = nullptr;
  /// For values that a checkpoint can have but a user cannot give: takes these, too. Else null.
  std::function<void(const std::string&)> restore = nullptr;
  /// The option may stand without a value and then means "true".
  bool is_switch = false;
  /// The option takes all words that follow it, up to the next option.
  bool takes_words = false;
  /// Where it names data to be read: the paths. Else null.
  std::function<std::vector<std::string>()> inputs = nullptr;
};

/// A whole number in [least, most]. For int, std::int64_t and std::uint64_t.
template <class T>
OptionValue whole_number(T& field, std::type_identity_t<T> least,
                         std::type_identity_t<T> most = std::numeric_limits<T>::max());

/// The same where nothing was given, too: `value` says what the field then stands for.
OptionValue whole_number(std::optional<std::int64_t>& field, std::int64_t least,
                         std::function<std::int64_t()> value);

/// A finite number above 0.
OptionValue positive_number(float& field);
/// The same where nothing was given, too: `value` says what the field then stands for.
OptionValue positive_number(std::optional<float>& field, std::function<float()> value);

/// A finite number of at least 0.
OptionValue non_negative_number(float& field);

/// A number in [0, 1). For float and double.
template <class T>
OptionValue fraction(T& field);

/// What a list of whole numbers between commas is made of.
struct ListRules {
  std::string noun;                                               ///< of one entry, for messages: "width"
  std::string example;                                            ///< of the whole list: "64,32"
  std::uint64_t most = std::numeric_limits<std::int64_t>::max();  ///< entries are in [1, most]
  bool ascending = false;  ///< each entry must be larger than the one before
};

/// One or more positive whole numbers, separated by commas. For std::size_t and std::int64_t.
template <class T>
OptionValue number_list(std::vector<T>& field, ListRules rules);

/// A number_list, or none for an empty one.
template <class T>
OptionValue list_or_none(OptionValue list, std::vector<T>& field) {
  return {[list, &field](const std::string& typed) {
            if (typed == "none") {
              field.clear();
            } else {
              list.read(typed);
            }
          },
          [list, &field] { return field.empty() ? "none" : list.show(); }, list.save};
}

/// Any text but an empty one. An empty field is shown, and can be given, as `shown_when_empty`.
OptionValue text(std::string& field, std::string shown_when_empty = "");

/// The path of data that is read, or none for an empty one. A checkpoint keeps it from the root on.
OptionValue input_path(std::string& field, std::string shown_when_empty);

/// The paths of files that are read, one or more each time the option is given. A checkpoint keeps them from the root on.
OptionValue input_paths(std::vector<std::string>& field, std::string shown_when_empty);

/// Any number of texts, one each time the option is given. The first one replaces the defaults.
OptionValue texts(std::vector<std::string>& field);

/// Declarations of features, one each time the option is given. They are shown without widths that are `default_dim`, and kept with
/// all widths.
OptionValue feature_list(std::vector<std::string>& field, const std::size_t& default_dim);

/// true or false; the option alone means true.
OptionValue toggle(bool& field);

/// N or Nepochs, or Nsteps.
OptionValue interval(Interval& field);

/// One of the names of a table.
template <class T>
OptionValue choice(T& field, std::vector<std::pair<std::string, T>> table) {
  const auto read = [&field, table](const std::string& typed) {
    std::vector<std::string> names;
    for (const auto& [name, meaning] : table) {
      if (name == typed) {
        field = meaning;
        return;
      }
      names.push_back(name);
    }
    throw ValueError("choose one of " + boost::algorithm::join(names, ", "));
  };
  const auto show = [&field, table]() -> std::string {
    for (const auto& [name, meaning] : table) {
      if (meaning == field) return name;
    }
    return {};
  };
  return {read, show};
}

/// What keeps a list of texts in a checkpoint.
std::function<nlohmann::ordered_json()> list_saver(std::function<std::vector<std::string>()> texts);

/// One or more of the names of a table, separated by commas, each once.
template <class T>
OptionValue choices(std::vector<T>& field, std::vector<std::pair<std::string, T>> table) {
  const auto read = [&field, table](const std::string& typed) {
    std::vector<T> chosen;
    std::vector<std::string> names;
    boost::algorithm::split(names, typed, [](char letter) { return letter == ','; });
    for (const std::string& name : names) {
      T one{};
      choice(one, table).read(boost::algorithm::trim_copy(name));
      if (std::find(chosen.begin(), chosen.end(), one) != chosen.end()) {
        throw ValueError(boost::algorithm::trim_copy(name) + " is named twice; name it once");
      }
      chosen.push_back(one);
    }
    field = chosen;
  };
  const auto show = [&field, table] {
    std::vector<std::string> names;
    for (T one : field) names.push_back(choice(one, table).show());
    return boost::algorithm::join(names, ",");
  };
  return {read, show, list_saver([&field, table] {  // in one order, however they were given
            std::vector<std::string> names;
            for (const auto& [name, meaning] : table) {
              if (std::find(field.begin(), field.end(), meaning) != field.end()) names.push_back(name);
            }
            return names;
          })};
}

}  // namespace gemel::options
