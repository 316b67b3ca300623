#include <csignal>
#include <string>
#include <vector>

#include "base/crash.hpp"
#include "base/stop_signals.hpp"
#include "cli/commands.hpp"
#include "mpi/communicator.hpp"
#include "mpi/environment.hpp"
#include "mpi/watchdog.hpp"

int main(int argc, char** argv) {
  // Before anything else: MPI_Init alone takes half a second, and batch systems may send a signal in it.
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (gemel::cli::trains(arguments)) {
    // For good: a signal that comes at the very end must not change the exit code.
    [[maybe_unused]] static const auto* const stop_signals = new gemel::base::StopSignals;
  } else {
    gemel::base::end_without_unfinished_files();
  }
  // A reader that has seen enough, and a file that may not grow (ulimit -f), fail a write; they do not kill.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  gemel::mpi::Watchdog watchdog;
  gemel::mpi::Environment environment(argc, argv);
  auto world = gemel::mpi::Communicator::world();
  watchdog.connect(world);
  gemel::base::tell_of_crashes(world.rank());  // after MPI has said what it does on these signals
  return gemel::cli::run_and_tell(arguments, world);
}
