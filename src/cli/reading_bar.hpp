#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "cli/progress_log.hpp"
#include "ingest/reading_progress.hpp"

namespace gemel::cli {

/// "312.0 MB of 650.0 MB, 156.0 MB/s, 00:02 left", or of what has no known end "312.0 MB, 156.0 MB/s".
std::string reading_text(const ingest::ReadingProgress& progress);

/// While it lives, shows on standard error how far the reading of files is: on a terminal of the user's by a line that is redrawn, which
/// goes when all is read, and else by a log line every ten seconds.
class ReadingBar {
 public:
  /// `shows`: on root.
  explicit ReadingBar(bool shows);
  ~ReadingBar();
  ReadingBar(const ReadingBar&) = delete;
  ReadingBar& operator=(const ReadingBar&) = delete;

 private:
  void tell(const ingest::ReadingProgress& progress);
  void erase();  // under the lock

  bool has_terminal_;
  std::mutex mutex_;  // log lines come from other threads, too
  bool is_drawn_ = false;
  double last_draw_ = -1;  // in seconds since reading began
  ProgressLog log_;
  std::optional<base::BeforeLogLines> before_log_lines_;
  std::optional<ingest::ReadingWatch> watch_;
};

}  // namespace gemel::cli
