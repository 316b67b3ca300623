#include "base/quiet_thread.hpp"

#include <signal.h>

#include <utility>

namespace gemel::base {

std::jthread quiet_thread(std::function<void(const std::stop_token&)> action) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::jthread thread([action = std::move(action)](const std::stop_token& stop) { action(stop); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace gemel::base
