#pragma once

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gemel::cli {

/// Says how far long work is, now and then.
class ProgressLog {
 public:
  /// "3000 of 5000 lists written"
  void tell(std::int64_t done, std::int64_t all, std::string_view nouns) {
    using namespace std::chrono_literals;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < 10s) return;
    last_ = now;
    spdlog::info("{} of {} {} written", done, all, nouns);
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace gemel::cli
