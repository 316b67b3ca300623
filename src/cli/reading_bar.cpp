#include "cli/reading_bar.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "base/bytes_text.hpp"
#include "cli/progress.hpp"
#include "cli/report_text.hpp"

namespace gemel::cli {

std::string reading_text(const ingest::ReadingProgress& progress) {
  const double rate = progress.bytes_per_second();
  std::string text = base::bytes_text(static_cast<double>(progress.done));
  if (progress.all > 0) text += " of " + base::bytes_text(static_cast<double>(progress.all));
  text += fmt::format(", {}/s", base::bytes_text(rate));
  if (progress.all > 0 && rate > 0)
    text += fmt::format(", {} left", clock_text(static_cast<double>(progress.all - progress.done) / rate));
  return text;
}

ReadingBar::ReadingBar(bool shows) : has_terminal_(is_terminal_of_user(STDERR_FILENO)) {
  if (!shows) return;
  if (has_terminal_) {
    before_log_lines_.emplace([this] {
      const std::lock_guard lock(mutex_);
      erase();
    });
  }
  watch_.emplace([this](const ingest::ReadingProgress& progress) { tell(progress); });
}

ReadingBar::~ReadingBar() {
  watch_.reset();
  before_log_lines_.reset();
  erase();
}

void ReadingBar::tell(const ingest::ReadingProgress& progress) {
  if (!has_terminal_) {
    if (!progress.is_complete() && log_.is_due()) spdlog::info("reading: {}", reading_text(progress));
    return;
  }
  const std::lock_guard lock(mutex_);
  if (progress.is_complete()) return erase();
  constexpr double seconds_between_draws = 0.2;
  if (last_draw_ <= progress.seconds && progress.seconds < last_draw_ + seconds_between_draws) return;
  last_draw_ = progress.seconds;
  const std::string line = "reading: " + reading_text(progress);
  fmt::print(stderr, "\r{}\x1b[K", line.substr(0, terminal_columns(STDERR_FILENO) - 1));
  std::fflush(stderr);
  is_drawn_ = true;
}

void ReadingBar::erase() {
  if (!is_drawn_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  is_drawn_ = false;
}

}  // namespace gemel::cli
