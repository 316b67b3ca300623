#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/error.hpp"

namespace gemel::base {
namespace {

/// Standard error, with an action before every line.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  void set_before(std::function<void()> action) {
    const std::lock_guard lock(mutex_);
    before_ = std::move(action);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (before_) before_();
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
  }
  void flush_() override { std::fflush(stderr); }

 private:
  std::function<void()> before_;
};

void set_before_log_lines(std::function<void()> action) {
  for (const auto& sink : spdlog::default_logger()->sinks()) {
    if (const auto ours = std::dynamic_pointer_cast<LineSink>(sink)) ours->set_before(action);
  }
}

}  // namespace

BeforeLogLines::BeforeLogLines(std::function<void()> action) {
  set_before_log_lines(std::move(action));
}

BeforeLogLines::~BeforeLogLines() {
  set_before_log_lines(nullptr);
}

void set_up_log(std::string_view level, bool is_root) {
  static const std::map<std::string_view, spdlog::level::level_enum> levels = {
      {"debug", spdlog::level::debug},
      {"info", spdlog::level::info},
      {"warning", spdlog::level::warn},
      {"error", spdlog::level::err}};
  const auto found = levels.find(level);
  if (found == levels.end()) {
    throw UsageError(fmt::format("--log-level {}: not a level; choose one of {}", level, log_levels));
  }
  auto logger = std::make_shared<spdlog::logger>("gemel", std::make_shared<LineSink>());
  logger->set_pattern("%H:%M:%S %l: %v");
  logger->set_level(is_root ? found->second : spdlog::level::err);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace gemel::base
