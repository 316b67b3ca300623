#pragma once

#include <functional>
#include <string_view>

namespace gemel::base {

/// The names that `--log-level` takes, from the most to the least talkative.
inline constexpr std::string_view log_levels = "debug, info, warning, error";

/// Sends spdlog's default logger to standard error, one plain line a message. Root logs from `level` up, the other ranks
/// only errors, so a message of the whole job appears once. Throws UsageError for a name not in `log_levels`.
void set_up_log(std::string_view level, bool is_root);

/// While it lives, `action` is called before every log line, on the thread that logs: for one who has drawn something on the line where
/// it would go. The action must not log. One object at a time, after set_up_log.
class BeforeLogLines {
 public:
  explicit BeforeLogLines(std::function<void()> action);
  ~BeforeLogLines();
  BeforeLogLines(const BeforeLogLines&) = delete;
  BeforeLogLines& operator=(const BeforeLogLines&) = delete;
};

}  // namespace gemel::base
