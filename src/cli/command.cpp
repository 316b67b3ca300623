#include "cli/command.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace gemel::cli {
namespace {

/// The option that help is asked for, "" for all of them, or nothing.
std::optional<std::string> topic_of(std::span<const std::string> arguments) {
  constexpr std::string_view with_value = "--help=";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument.starts_with(with_value)) return options::without_dashes(argument.substr(with_value.size()));
    if (argument != "--help" && argument != "-h") continue;
    const bool has_next = i + 1 < arguments.size();
    const bool names_option = has_next && (!arguments[i + 1].starts_with("-") || i + 2 == arguments.size());
    return names_option ? options::without_dashes(arguments[i + 1]) : "";
  }
  return std::nullopt;
}

/// Throws AgreedError where a word is neither an option nor stands behind one, as its value or as what --help is to explain.
void refuse_stray_words(std::span<const std::string> arguments) {
  bool may_be_value = false;
  for (const std::string& argument : arguments) {
    const bool is_option = argument.starts_with("-");
    if (!is_option && !may_be_value) {
      throw mpi::AgreedError(
          base::ExitCode::usage,
          fmt::format("{}: this belongs to no option; --help alone explains all options, and --help {} would "
                      "explain one",
                      argument, argument));
    }
    may_be_value = is_option && argument.find('=') == std::string::npos;
  }
}

/// The file's content, read by root for all. Collective.
std::string read_everywhere(const std::string& path, mpi::Communicator& communicator) {
  std::string content;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    std::ifstream file(path);
    std::ostringstream copy;
    if (!file || std::filesystem::is_directory(path) || !(file.peek() == EOF || copy << file.rdbuf())) {
      throw base::UsageError(
          fmt::format("--config {}: cannot read this file; give a file of lines like epochs = 300", path));
    }
    content = copy.str();
  });
  communicator.broadcast(content);
  return content;
}

}  // namespace

bool shows_help(std::span<const std::string> arguments, const options::OptionTable& table,
                const std::string& all, const mpi::Communicator& communicator, std::ostream& out) {
  const std::optional<std::string> topic = topic_of(arguments);
  if (!topic) return false;
  if (!table.takes_arguments()) refuse_stray_words(arguments);
  const std::string text = topic->empty() ? all : parse_alike([&] { return table.help_of(*topic); });
  if (communicator.is_root()) out << text;
  return true;
}

void read_given_options(std::span<const std::string> arguments, const std::string& config,
                        options::OptionTable& table, mpi::Communicator& communicator) {
  table.read_command_line(arguments);
  if (config.empty()) return;
  const std::string path = config;  // the file may name another
  table.read_configuration(read_everywhere(path, communicator), path);
}

std::string exit_code_help() {
  using base::ExitCode;
  static const std::vector<std::pair<ExitCode, std::string>> table = {
      {ExitCode::success, "success"},
      {ExitCode::internal, "a bug, or a failure of MPI or of the machine"},
      {ExitCode::usage, "an option, or a combination of options, that cannot be"},
      {ExitCode::data, "the data set is missing, malformed or empty"},
      {ExitCode::checkpoint, "a checkpoint is unreadable, damaged, of another model, or cannot be written"},
      {ExitCode::diverged, "the loss, a gradient or a weight became infinite or not a number"},
      {ExitCode::interrupted, "stopped by a signal after writing a checkpoint; go on with --resume auto"},
      {ExitCode::output, "a file with results cannot be written, or exists already"},
      {ExitCode::differs, "trainer diff has found a difference"},
      {ExitCode::hung, "a rank was waited for in vain, for as long as --hang-timeout allows"},
  };
  std::string text = "Exit codes:\n";
  for (const auto& [code, meaning] : table) {
    fmt::format_to(std::back_inserter(text), "  {}   {}\n", static_cast<int>(code), meaning);
  }
  return text;
}

}  // namespace gemel::cli
