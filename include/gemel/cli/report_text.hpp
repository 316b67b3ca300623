#pragma once

#include <cstdint>
#include <string>

#include "gemel/training/observer.hpp"

namespace gemel::cli {

/// What a run is about to do: data, sizes, ranks, and the table of settings. Whole lines.
std::string run_text(const training::RunReport& report);

/// What a run has done: accuracies, times, bytes between ranks, seconds by phase, the last checkpoint. Whole
/// lines.
std::string summary_text(const training::SummaryReport& report);

/// "512 B", "1.5 kB", "20.0 MB": powers of 1000.
std::string bytes_text(std::int64_t bytes);

/// "0.42 s", "75.3 s", "1:02:03".
std::string seconds_text(double seconds);

}  // namespace gemel::cli
