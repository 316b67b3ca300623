#include "run/signals.hpp"

#include <csignal>

namespace gemel::run {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int signal) {
  stop_requested = 1;
  if (signal == SIGTERM) std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

StopSignals::StopSignals() {
  stop_requested = 0;
  std::signal(SIGUSR1, request_stop);
  std::signal(SIGTERM, request_stop);
}

StopSignals::~StopSignals() {
  std::signal(SIGUSR1, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool StopSignals::received() {
  return stop_requested != 0;
}

}  // namespace gemel::run
