#include "cli/observer_list.hpp"

#include <algorithm>

namespace gemel::cli {

Settings settled(Settings settings, const Settings& values) {
  for (auto& [name, value] : settings) {
    const auto found = std::ranges::find(values, name, &Settings::value_type::first);
    if (found != values.end()) value = found->second;
  }
  return settings;
}

void ObserverList::on_activity(std::string_view what) {
  for (const auto& observer : observers_) observer->on_activity(what);
}

void ObserverList::on_run(const report::RunReport& report) {
  report::RunReport complete = report;
  complete.settings = settled(settings_, report.settings);
  for (const auto& observer : observers_) observer->on_run(complete);
}

void ObserverList::on_step(const report::StepReport& report) {
  for (const auto& observer : observers_) observer->on_step(report);
}

void ObserverList::on_epoch(const report::EpochReport& report) {
  for (const auto& observer : observers_) observer->on_epoch(report);
}

void ObserverList::on_validation(const report::ValidationReport& report) {
  for (const auto& observer : observers_) observer->on_validation(report);
}

void ObserverList::on_checkpoint(const report::CheckpointReport& report) {
  for (const auto& observer : observers_) observer->on_checkpoint(report);
}

void ObserverList::on_summary(const report::SummaryReport& report) {
  for (const auto& observer : observers_) observer->on_summary(report);
}

}  // namespace gemel::cli
