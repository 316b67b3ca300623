#include "gemel/train.hpp"

#include <optional>

#include "library/errors.hpp"
#include "library/session.hpp"
#include "options/checks.hpp"
#include "report/observer.hpp"
#include "run/trainer.hpp"

namespace gemel {
namespace {

/// Tells a user's observer, if there is one, what it asks for, and keeps how the run has ended.
class Listener : public report::Observer {
 public:
  explicit Listener(TrainingObserver* observer) : observer_(observer) {}

  void on_epoch(const report::EpochReport& report) override {
    if (observer_ != nullptr) observer_->on_epoch({report.epoch, report.step, report.loss, report.seconds});
  }
  void on_validation(const report::ValidationReport& report) override {
    if (observer_ != nullptr) observer_->on_evaluation({report.epoch, report.metrics, report.seconds});
  }
  void on_checkpoint(const report::CheckpointReport& report) override {
    if (observer_ != nullptr) observer_->on_checkpoint(report.path);
  }
  void on_summary(const report::SummaryReport& report) override {
    result_ = {report.epoch, report.step, report.loss, report.metrics, report.checkpoint, std::nullopt};
    if (report.best && !report.best->checkpoint.empty()) result_.best_checkpoint = report.best->checkpoint;
  }

  const TrainingResult& result() const { return result_; }

 private:
  TrainingObserver* observer_;
  TrainingResult result_;
};

}  // namespace

TrainingResult train(const TrainingOptions& options, TrainingObserver* observer) {
  check(options);
  options::check_ranks(options, library::world().size());
  Listener listener(observer);
  library::with_public_errors([&] { run::train(options, library::world(), listener); });
  return listener.result();
}

}  // namespace gemel
