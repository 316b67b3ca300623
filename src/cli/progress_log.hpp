#pragma once

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gemel::cli {

/// Says how far long work is, now and then.
class ProgressLog {
 public:
  explicit ProgressLog(std::chrono::seconds pause = std::chrono::seconds(10)) : pause_(pause) {}

  /// Whether something is to be said; then it is not for a while.
  bool is_due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < pause_) return false;
    last_ = now;
    return true;
  }

  /// "3000 of 5000 lists written"
  void tell(std::int64_t done, std::int64_t all, std::string_view nouns) {
    if (is_due()) spdlog::info("{} of {} {} written", done, all, nouns);
  }

 private:
  std::chrono::seconds pause_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace gemel::cli
