#include "cli/metrics_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gemel::cli {
namespace {

double value_of(const MetricValues& values, const Metric& metric) {
  return std::ranges::find(values, metric, &MetricValues::value_type::first)->second;
}

}  // namespace

std::string metrics_text(const MetricValues& metrics, const evaluation::Baselines& baselines,
                         std::string_view part, const std::string& whose) {
  std::string text;
  const auto out = std::back_inserter(text);
  const bool are_compared = !baselines.random.empty();
  const auto section = [&](const std::string& heading, bool of_users) {
    bool is_begun = false;
    for (const auto& [metric, value] : metrics) {
      if (metric.is_of_users() != of_users) continue;
      if (!is_begun) {
        fmt::format_to(out, "\n  {}{}\n", heading, whose);
        if (are_compared)
          fmt::format_to(out, "    {:<12} {:>6} {:>11} {:>7}\n", "", "model", "popularity", "random");
      }
      is_begun = true;
      if (are_compared) {
        fmt::format_to(out, "    {:<12} {:.4f} {:>11.4f} {:>7.4f}\n", metric.name(), value,
                       value_of(baselines.popularity, metric), value_of(baselines.random, metric));
      } else {
        fmt::format_to(out, "    {:<9} {:.4f}\n", metric.name(), value);
      }
    }
  };
  section(fmt::format("accuracy on the {} examples", part), false);
  section(fmt::format("metrics of the users with {} examples", part), true);
  return text;
}

}  // namespace gemel::cli
