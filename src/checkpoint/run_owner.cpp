#include "checkpoint/run_owner.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace gemel::checkpoint {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Of a process that can be seen.
struct ProcessState {
  char state = '?';
  std::int64_t started = 0;
};

/// Nothing where the process is not there or hidden.
std::optional<ProcessState> look_at(std::int64_t process) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", process));
  const std::size_t name_end = line.rfind(')');  // the name may hold blanks and parentheses
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  ProcessState result;
  fields >> result.state;  // field 3 of proc(5)
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> result.started;
  if (!fields) return {};
  return result;
}

bool has_ended(const ProcessState& state) {
  return state.state == 'Z' || state.state == 'X';
}

bool is_gone(std::int64_t process) {
  return ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

/// The values of the lines "name: value".
std::map<std::string, std::string> read_lines(const std::string& text) {
  std::map<std::string, std::string> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) values[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return values;
}

}  // namespace

RunOwner RunOwner::self() {
  RunOwner owner;
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  owner.host = host;
  owner.boot = first_line("/proc/sys/kernel/random/boot_id");
  std::error_code ignored;
  owner.process_namespace = std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  owner.process = ::getpid();
  if (const auto state = look_at(owner.process)) owner.started = state->started;
  return owner;
}

std::string RunOwner::text() const {
  return fmt::format(
      "host: {}\nprocess: {}\nstarted: {}\nboot: {}\nnamespace: {}\n"
      "A run of gemel computes checkpoints of this number. This file goes away when it ends.\n",
      host, process, started, boot, process_namespace);
}

std::optional<RunOwner> RunOwner::parse(const std::string& text) {
  const auto values = read_lines(text);
  const auto of = [&](const char* name) {
    const auto found = values.find(name);
    return found == values.end() ? std::string() : found->second;
  };
  RunOwner owner{of("host"), of("boot"), of("namespace"), 0, 0};
  try {
    owner.process = std::stoll(of("process"));
    owner.started = std::stoll(of("started"));
  } catch (const std::logic_error&) {  // no number, or one too long
    return {};
  }
  if (owner.host.empty() || owner.process <= 0) return {};
  return owner;
}

bool RunOwner::is_in_sight() const {
  const RunOwner here = self();
  return !boot.empty() && boot == here.boot && process_namespace == here.process_namespace;
}

bool RunOwner::is_alive() const {
  if (is_gone(process)) return false;
  const auto state = look_at(process);
  if (!state) return true;  // somebody else's, whom the system hides
  return state->started == started && !has_ended(*state);
}

bool is_living(std::int64_t process) {
  if (is_gone(process)) return false;
  const auto state = look_at(process);
  return !state || !has_ended(*state);
}

}  // namespace gemel::checkpoint
