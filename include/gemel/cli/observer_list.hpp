#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "gemel/cli/report_text.hpp"
#include "gemel/training/observer.hpp"

namespace gemel::cli {

/// `settings` with those of `values` that have the same name.
Settings settled(Settings settings, const Settings& values);

/// Tells several observers what one is told, in the order in which they were added. An empty list is an
/// observer that does nothing, which is what ranks other than root get.
class ObserverList : public training::Observer {
 public:
  ObserverList() = default;
  /// `settings` are put into the run's report, with the values of those that it has: the trainer knows only some of them.
  explicit ObserverList(Settings settings) : settings_(std::move(settings)) {}

  void add(std::unique_ptr<training::Observer> observer) { observers_.push_back(std::move(observer)); }

  void on_activity(std::string_view what) override;
  void on_run(const training::RunReport& report) override;
  void on_step(const training::StepReport& report) override;
  void on_epoch(const training::EpochReport& report) override;
  void on_validation(const training::ValidationReport& report) override;
  void on_checkpoint(const training::CheckpointReport& report) override;
  void on_summary(const training::SummaryReport& report) override;

 private:
  Settings settings_;
  std::vector<std::unique_ptr<training::Observer>> observers_;
};

}  // namespace gemel::cli
