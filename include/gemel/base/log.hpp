#pragma once

#include <string_view>

namespace gemel::base {

/// The names that `--log-level` takes, from the most to the least talkative.
inline constexpr std::string_view log_levels = "debug, info, warning, error";

/// Sends spdlog's default logger to standard error, one plain line a message. Root logs from `level` up, the other ranks
/// only errors, so a message of the whole job appears once. Throws UsageError for a name not in `log_levels`.
void set_up_log(std::string_view level, bool is_root);

}  // namespace gemel::base
