#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "options/option_value.hpp"

namespace gemel::options {

/// What an option has to do with the result of a run, and so where a checkpoint keeps it and whether a resumed run may change it.
enum class Effect {
  none,        ///< how the run is computed or shown: not kept
  run,         ///< which data, how long, what is kept: with the run, for one that is resumed; may change
  steers,      ///< the result, step by step: may change from a checkpoint on, with a warning
  determines,  ///< the result from the start on: must stay as it is in the checkpoint
};

/// What an option needs beside it, or excludes.
struct Need {
  bool is_met = true;
  /// Why, and what to do: "only --optimizer sgd has a momentum: choose it".
  std::string remedy;
  /// It goes by the value of the option. Otherwise the option only must not be given in vain: the remedy is then followed by
  /// ", or leave --momentum out".
  bool is_of_value = false;
};

/// What must be so where the option is given.
inline Need if_given(bool is_met, std::string remedy) {
  return {is_met, std::move(remedy), false};
}
/// What must be so, given or not.
inline Need always(bool is_met, std::string remedy) {
  return {is_met, std::move(remedy), true};
}

/// One row of an option table: all that there is to say of an option. It is bound to the field by its value; the rest is as the
/// options are when the row is made, so that rows are made anew where these may have changed.
struct Option {
  std::string group;        ///< heading in the help
  std::string name;         ///< without the dashes; also the key in a configuration file and in a checkpoint
  std::string placeholder;  ///< of the value in the help: "N"
  std::string explanation;  ///< for the help, with the unit; the default is added to it
  OptionValue value;
  Effect effect = Effect::none;
  std::vector<Need> needs = {};
  /// Not so: the value means nothing beside the others, or the data has yet to settle it. It is not kept then.
  bool is_settled = true;
  /// The value, or whether it is used, may depend on the data.
  bool is_of_data = false;
  /// It must be given, and its name may be left out: `trainer inspect FILE`. The last such option takes all words that are left, if it
  /// can be given several times.
  bool is_argument = false;
  /// A letter that stands for the name: -k 10. 0: none does.
  char letter = 0;

  Option needing(Need need) && {
    needs.push_back(std::move(need));
    return std::move(*this);
  }
  Option kept_if(bool settled) && {
    is_settled = settled;
    return std::move(*this);
  }
  Option as_argument() && {
    is_argument = true;
    return std::move(*this);
  }
  Option with_letter(char short_name) && {
    letter = short_name;
    return std::move(*this);
  }
  Option of_data() && {
    is_of_data = true;
    return std::move(*this);
  }
};

/// The value as a checkpoint keeps it: a number, a list, true or false, or a text.
nlohmann::ordered_json saved_value(const Option& option);

/// A value of a checkpoint as it would be given: one text for each element of a list.
std::vector<std::string> as_given(const nlohmann::ordered_json& value);
/// The same in one text.
std::string as_text(const nlohmann::ordered_json& value);

/// An option of an earlier run, as it would be given again: once for each of its values.
struct SavedOption {
  std::string name;
  std::vector<std::string> values;
};

/// Reads the values into the option's field. Throws ValueError where they are not allowed.
void restore(const Option& option, const std::vector<std::string>& values);

/// The same for the option of that name among `options`, and whether there is one that has an effect on runs. Throws CheckpointError; `source` is for its message.
bool restore(const std::vector<Option>& options, const SavedOption& saved, const std::string& source);

}  // namespace gemel::options
