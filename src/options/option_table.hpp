#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "options/option.hpp"

namespace gemel::options {

/// An option's name as typed, without the dashes before it.
std::string without_dashes(const std::string& name);

/// The options of a command: the command line, configuration files, the help and the list of settings are all
/// made from it. Sources are read in order of precedence: what an earlier source has given, a later one does
/// not change.
///
/// Errors are UsageErrors that begin with where the value was given ("--epochs 0" or "train.ini:3: epochs =
/// 0") and say what is allowed. Nothing here communicates: ranks that are given the same text throw alike.
class OptionTable {
 public:
  /// `command` is what the user types to get here, for messages: "trainer train". The groups stand in the order in which they appear
  /// first.
  OptionTable(std::string command, std::vector<Option> options);

  /// Whether words may stand without the name of an option.
  bool takes_arguments() const;

  /// --name value, --name=value, switches --name, and the values of options that are arguments, which must be there. Anything else is
  /// an error.
  void read_command_line(std::span<const std::string> arguments);

  /// Lines `name = value`; # starts a comment; lines like [Data] are headings without meaning. `file_name` is
  /// for messages.
  void read_configuration(const std::string& content, const std::string& file_name);

  /// What options were in an earlier run, for those that are not given: the source of the lowest precedence. A name that is no option
  /// is one of another version's and passed over. Throws CheckpointError for a value that is not allowed; `source` is for its message.
  void read_saved(const std::vector<SavedOption>& saved, const std::string& source);

  /// Whether the command line or a configuration file has given the option.
  bool is_given(const std::string& name) const { return settled_.contains(name); }
  /// Whether the option, which was not given, is as it was in an earlier run.
  bool is_saved(const std::string& name) const { return saved_.contains(name); }

  /// (name, value) of every option as it now is, in table order. Those of a repeatable option are joined by
  /// blanks.
  std::vector<std::pair<std::string, std::string>> settings() const;

  /// The rows, in table order.
  const std::vector<Option>& options() const { return options_; }

  /// One option as help() has it, at most 80 columns wide. Throws UsageError that names the nearest option when there is no such one.
  std::string help_of(const std::string& name) const;

  /// The options by group, with explanations and the values that they now have as defaults, at most 100
  /// columns wide.
  std::string help() const;

 private:
  struct Given {
    std::string name;
    std::string value;
    std::string where;
  };

  void take(const std::vector<Given>& source);
  void require_arguments(const std::vector<Given>& source) const;
  const Option& find(const Given& given) const;
  /// " Did you mean --epochs?" or where to read on.
  std::string suggestion(const std::string& name, const std::string& dashes) const;

  std::string command_;
  std::vector<Option> options_;
  std::set<std::string> settled_;  // given by a source that was read earlier
  std::set<std::string> saved_;    // those of an earlier run
};

}  // namespace gemel::options
