#include "base/crash.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "base/error.hpp"
#include "base/unfinished_file.hpp"

namespace gemel::base {
namespace {

// Made before anything goes wrong: afterwards there may be no memory.
char lack_of_memory[256];
int lack_of_memory_size = 0;
int own_rank = 0;

bool is_limited(int resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

void end_for_lack_of_memory(int) {
  remove_unfinished_files();
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, lack_of_memory, static_cast<std::size_t>(lack_of_memory_size));
  ::_exit(static_cast<int>(ExitCode::internal));
}

[[noreturn]] void end_for_exception() {
  std::string reason = "an exception that nobody caught";
  try {
    if (const auto failure = std::current_exception()) std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    reason = error.what();
  } catch (...) {  // of no kind that says more
  }
  std::fprintf(stderr, "trainer: error on rank %d: %s\n", own_rank, reason.c_str());
  ::_exit(static_cast<int>(ExitCode::internal));
}

}  // namespace

void tell_of_crashes(int rank) {
  own_rank = rank;
  std::set_terminate(end_for_exception);
  if (!is_limited(RLIMIT_AS) && !is_limited(RLIMIT_DATA)) return;
  lack_of_memory_size = std::snprintf(
      lack_of_memory, sizeof(lack_of_memory),
      "trainer: error on rank %d: out of memory: a library did not get what it asked for. This process's "
      "memory is limited; raise ulimit -v, or use more ranks or a smaller --batch-size\n",
      rank);
  for (const int signal : {SIGSEGV, SIGBUS}) std::signal(signal, end_for_lack_of_memory);
}

}  // namespace gemel::base
