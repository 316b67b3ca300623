#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/json_text.hpp"
#include "report/observer.hpp"

namespace gemel::cli {

/// Columns that tables have at most.
inline constexpr std::size_t report_columns = 80;

/// (name, value) of options.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// `text`, broken at blanks, rather behind a comma, into lines of at most `report_columns`, all but the first indented. A longer word stays whole.
std::string wrapped(std::string_view text, std::size_t indent);

/// Where the tables are, an entry each.
std::string tables_text(const plan::Plan& plan);

/// Where the tables are, and what memory and traffic a rank has of which kind. Whole lines.
std::string plan_text(const plan::Plan& plan);

/// What a run is about to do: data, sizes, ranks, and the settings that are not among `defaults`. Whole lines.
std::string run_text(const report::RunReport& report, const Settings& defaults = {});

/// What a run has done: accuracies, times, bytes between ranks where there are several, seconds by phase, the last checkpoint. Whole
/// lines.
std::string summary_text(const report::SummaryReport& report);

using report::json_text;

/// "0.42 s", "75.3 s", "1:02:03".
std::string seconds_text(double seconds);

/// "01:23", or from an hour on "1:02:03".
std::string clock_text(double seconds);

}  // namespace gemel::cli
