#include "ingest/reading_progress.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/stop_signals.hpp"

namespace gemel::ingest {
namespace {

using Clock = std::chrono::steady_clock;

/// Of the watch that lives.
struct State {
  ReadingWatch::Tell tell;
  std::uint64_t all = 0;     // bytes of all files
  std::uint64_t own = 0;     // bytes that this rank will look at
  std::uint64_t looked = 0;  // of them, so far
  Clock::time_point started = Clock::now();
};

std::optional<State>& state() {
  static std::optional<State> state;
  return state;
}

}  // namespace

ReadingWatch::ReadingWatch(Tell tell) {
  state() = State{.tell = std::move(tell)};
}

ReadingWatch::~ReadingWatch() {
  state().reset();
}

void begin_reading(std::uint64_t all, std::uint64_t own) {
  if (state()) state() = State{.tell = std::move(state()->tell), .all = all, .own = own};
}

void expect_reading(std::uint64_t own) {
  if (state()) state()->own = own;
}

void note_reading(std::uint64_t bytes) {
  base::throw_if_asked_to_stop("while reading the data");
  if (!state()) return;
  State& now = *state();
  now.looked += bytes;
  const double share = std::min(
      1.0, static_cast<double>(now.looked) / static_cast<double>(std::max<std::uint64_t>(1, now.own)));
  const bool is_complete = now.looked >= now.own;
  const std::uint64_t done = now.all == 0  ? now.looked
                             : is_complete ? now.all
                                           : static_cast<std::uint64_t>(share * static_cast<double>(now.all));
  now.tell({done, now.all, std::chrono::duration<double>(Clock::now() - now.started).count()});
}

}  // namespace gemel::ingest
