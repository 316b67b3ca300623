#include "gemel/train.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "library/session.hpp"
#include "options/train_checks.hpp"
#include "options/train_option_rows.hpp"
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

/// What the program refuses on its command line is refused here, too: values out of their ranges, and options that do not fit
/// together. Throws UsageError.
void require_allowed(const TrainingOptions& options) {
  options::TrainCommandOptions given;
  options::TrainCommandOptions defaults;
  const std::vector<options::Option> default_rows = options::train_options(defaults);
  given.training = options;
  std::size_t row = 0;
  for (const options::Option& option : options::train_options(given)) {
    const std::string value = option.value.show();
    if (value == default_rows[row++].value.show()) continue;
    try {
      option.value.read(value);
    } catch (const options::ValueError& error) {
      throw UsageError(fmt::format("--{} {}: {}", option.name, value, error.what()));
    }
  }
  options::check_train_options(options);
  options::check_ranks(options, library::world().size());
}

}  // namespace

TrainingResult train(const TrainingOptions& options, TrainingObserver* observer) {
  require_allowed(options);
  Listener listener(observer);
  run::train(options, library::world(), listener);
  return listener.result();
}

}  // namespace gemel
