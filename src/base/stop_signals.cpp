#include "base/stop_signals.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <optional>

#include "base/error.hpp"
#include "base/unfinished_file.hpp"

namespace gemel::base {
namespace {

constexpr std::array handled = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
constexpr std::int64_t same_signal = 50'000'000;  // ns

std::atomic<int> first_signal = 0;  // that asked to stop
std::atomic<std::int64_t> first_ending =
    0;  // when the first of those came whose second one ends the process; ns
std::atomic<bool> checkpoint_is_asked_for = false;
static_assert(std::atomic<std::int64_t>::is_always_lock_free, "signal handlers use it");

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Ends the process by `signal`, as soon as its handler has returned.
void end_by(int signal) {
  remove_unfinished_files();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void note(int signal) {
  if (signal == SIGUSR2) {
    checkpoint_is_asked_for = true;
    return;
  }
  int none = 0;
  first_signal.compare_exchange_strong(none, signal);
  if (signal == SIGUSR1) return;
  std::int64_t earlier = 0;
  const std::int64_t time = now();
  if (!first_ending.compare_exchange_strong(earlier, time) && time - earlier > same_signal) end_by(signal);
}

/// What is done on a signal; before, where that is to be known.
void handle(int signal, void (*handler)(int), struct sigaction* before) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, before);
}

bool is_ignored(int signal) {
  struct sigaction action = {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler == SIG_IGN;
}

int nested = 0;                                                     // objects that live
std::array<std::optional<struct sigaction>, handled.size()> outer;  // what was done on `handled` before

}  // namespace

StopSignals::StopSignals() {
  if (nested++ > 0) return;
  first_signal = 0;
  first_ending = 0;
  checkpoint_is_asked_for = false;
  for (std::size_t i = 0; i < handled.size(); ++i) {
    outer[i].reset();
    if (handled[i] == SIGHUP && is_ignored(SIGHUP)) continue;
    handle(handled[i], note, &outer[i].emplace());
  }
}

StopSignals::~StopSignals() {
  if (--nested > 0) return;
  for (std::size_t i = 0; i < handled.size(); ++i)
    if (outer[i]) sigaction(handled[i], &*outer[i], nullptr);
}

bool StopSignals::asks_to_stop() {
  return first_signal != 0;
}

std::string StopSignals::name() {
  switch (first_signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    case SIGUSR1:
      return "SIGUSR1";
    default:
      return "a signal";
  }
}

bool StopSignals::asks_for_checkpoint() {
  return checkpoint_is_asked_for;
}

void StopSignals::forget_checkpoint() {
  checkpoint_is_asked_for = false;
}

void throw_if_asked_to_stop(std::string_view doing) {
  if (!StopSignals::asks_to_stop()) return;
  throw Error(
      ExitCode::interrupted,
      fmt::format(
          "stopped by {} {}, before the first step: there is nothing new to save; start it again as before",
          StopSignals::name(), doing));
}

void end_without_unfinished_files() {
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    if (!(signal == SIGHUP && is_ignored(SIGHUP))) handle(signal, end_by, nullptr);
  for (const int signal : {SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
}

}  // namespace gemel::base
