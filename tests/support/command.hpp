#pragma once

#include <cstdio>
#include <string>

namespace gemel {

/// What a shell command prints, standard error included, and its exit status. For other tools' reading of our
/// files.
struct CommandResult {
  int status = 0;
  std::string output;
};

inline CommandResult run_command(const std::string& command) {
  CommandResult result;
  // A tool of its own, not one more rank of this job: without the environment by which mpirun makes it one.
  const std::string alone = "env -i PATH=\"$PATH\" sh -c '" + command + "' 2>&1";
  FILE* pipe = popen(alone.c_str(), "r");
  if (pipe == nullptr) return {-1, "popen failed"};
  char buffer[4096];
  for (std::size_t read = 0; (read = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
    result.output.append(buffer, read);
  result.status = pclose(pipe);
  return result;
}

}  // namespace gemel
