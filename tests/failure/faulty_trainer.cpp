// The trainer, but that calls of the system for files fail on one rank:
//   mpirun -n RANKS faulty_trainer RANK FIRST COUNT fails|shortens ERRNO COMMAND ARGUMENT...
// On that rank the calls of the numbers FIRST to FIRST + COUNT - 1 fail with ERRNO, or move half of their bytes. At the end it tells how many
// calls it has made: "calls: 57".
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "mpi/communicator.hpp"
#include "mpi/environment.hpp"
#include "support/faulty_files.hpp"

int main(int argc, char** argv) {
  using gemel::FaultyFiles;
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  gemel::mpi::Environment environment(argc, argv);
  auto world = gemel::mpi::Communicator::world();
  const std::vector<std::string> given(argv + 1, argv + argc);
  if (given.size() < 6) {
    fmt::print(stderr, "faulty_trainer RANK FIRST COUNT fails|shortens ERRNO COMMAND ARGUMENT...\n");
    gemel::mpi::Environment::abort(2);
  }
  const bool is_unlucky = std::stoi(given[0]) == world.rank();
  const auto fault = given[3] == "fails" ? FaultyFiles::Fault::fails : FaultyFiles::Fault::shortens;
  FaultyFiles files(is_unlucky ? fault : FaultyFiles::Fault::none, std::stoi(given[4]), std::stoi(given[1]),
                    std::stoi(given[2]));
  const gemel::base::ReplacedFileCalls replaced(files);
  const std::vector<std::string> arguments(given.begin() + 5, given.end());
  const int exit_code = gemel::cli::run_and_tell(arguments, world);
  if (is_unlucky) fmt::print(stderr, "calls: {}\n", files.calls());
  return exit_code;
}
