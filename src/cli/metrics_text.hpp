#pragma once

#include <string>
#include <string_view>

#include "evaluation/baselines.hpp"
#include "gemel/metrics.hpp"

namespace gemel::cli {

/// The metrics of the examples of a part, one a line, beside those without a model where there are any: accuracies, then metrics of users.
/// `whose` goes on with the headings. Whole lines.
std::string metrics_text(const MetricValues& metrics, const evaluation::Baselines& baselines,
                         std::string_view part, const std::string& whose = "");

}  // namespace gemel::cli
