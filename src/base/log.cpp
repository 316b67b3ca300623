#include "gemel/base/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>

#include "gemel/base/error.hpp"

namespace gemel::base {

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
  auto logger = std::make_shared<spdlog::logger>("gemel", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%H:%M:%S %l: %v");
  logger->set_level(is_root ? found->second : spdlog::level::err);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace gemel::base
