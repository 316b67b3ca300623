#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/report_text.hpp"
#include "report/observer.hpp"

namespace gemel::cli {

/// `settings` with those of `values` that have the same name.
Settings settled(Settings settings, const Settings& values);

/// Tells several observers what one is told, in the order in which they were added. An empty list is an
/// observer that does nothing, which is what ranks other than root get.
class ObserverList : public report::Observer {
 public:
  ObserverList() = default;
  /// `settings` are put into the run's report, with the values of those that it has: the trainer knows only some of them.
  explicit ObserverList(Settings settings) : settings_(std::move(settings)) {}

  void add(std::unique_ptr<report::Observer> observer) { observers_.push_back(std::move(observer)); }

  void on_activity(std::string_view what) override;
  void on_run(const report::RunReport& report) override;
  void on_step(const report::StepReport& report) override;
  void on_epoch(const report::EpochReport& report) override;
  void on_validation(const report::ValidationReport& report) override;
  void on_checkpoint(const report::CheckpointReport& report) override;
  void on_summary(const report::SummaryReport& report) override;

 private:
  Settings settings_;
  std::vector<std::unique_ptr<report::Observer>> observers_;
};

}  // namespace gemel::cli
