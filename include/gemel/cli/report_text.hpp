#pragma once

#include <cstdint>
#include <string>

#include "gemel/training/observer.hpp"

namespace gemel::cli {

/// Where the tables are, one line each.
std::string tables_text(const training::Plan& plan);

/// Where the tables are, and what memory and traffic a rank has of which kind. Whole lines.
std::string plan_text(const training::Plan& plan);

/// What a run is about to do: data, sizes, ranks, and the table of settings. Whole lines.
std::string run_text(const training::RunReport& report);

/// What a run has done: accuracies, times, bytes between ranks, seconds by phase, the last checkpoint. Whole
/// lines.
std::string summary_text(const training::SummaryReport& report);

/// "0.42 s", "75.3 s", "1:02:03".
std::string seconds_text(double seconds);

}  // namespace gemel::cli
