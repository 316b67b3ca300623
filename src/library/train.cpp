#include "gemel/train.hpp"

#include <optional>
#include <span>
#include <string>

#include "library/errors.hpp"
#include "library/session.hpp"
#include "mpi/watchdog.hpp"
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

/// Gives all ranks root's result. Collective.
TrainingResult shared(TrainingResult result, mpi::Communicator& world) {
  world.broadcast(std::span(&result.epoch, 1));
  world.broadcast(std::span(&result.step, 1));
  world.broadcast(std::span(&result.loss, 1));
  MetricValues& metrics = result.metrics;
  std::size_t count = metrics.size();
  world.broadcast(std::span(&count, 1));
  metrics.resize(count);
  for (auto& [metric, value] : metrics) {
    world.broadcast(std::span(&metric, 1));
    world.broadcast(std::span(&value, 1));
  }
  world.broadcast(result.checkpoint);
  std::string best = result.best_checkpoint.value_or("");
  world.broadcast(best);
  if (!best.empty()) result.best_checkpoint = best;
  return result;
}

}  // namespace

TrainingResult train(const TrainingOptions& options, TrainingObserver* observer) {
  check(options);
  options::check_ranks(options, library::world().size());
  mpi::Watchdog watchdog;
  watchdog.connect(library::world());
  Listener listener(observer);
  library::with_public_errors([&] { run::train(options, library::world(), listener); });
  return shared(listener.result(), library::world());
}

}  // namespace gemel
