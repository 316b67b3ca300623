#include "cli/ticker.hpp"

#include <utility>

namespace gemel::cli {

Ticker::Ticker(std::chrono::milliseconds pause, std::function<void()> tick)
    : thread_([this, pause, tick = std::move(tick)] {
        std::unique_lock lock(mutex_);
        while (!stopped_.wait_for(lock, pause, [this] { return stop_; })) tick();
      }) {}

Ticker::~Ticker() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  thread_.join();
}

}  // namespace gemel::cli
