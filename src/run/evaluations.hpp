#pragma once

#include <functional>
#include <optional>
#include <string>

#include "evaluation/evaluator.hpp"
#include "gemel/options.hpp"
#include "ingest/training_data.hpp"
#include "report/run_reporter.hpp"
#include "run/best_epoch.hpp"
#include "step/learner.hpp"
#include "step/training_state.hpp"

namespace gemel::run {

/// What is measured while a run goes on, and what is the best of it: the validation examples after epochs, or the test examples where
/// there are no others; where there are, the test examples once, in the end.
class Evaluations {
 public:
  /// The references must outlive the object. Throws AgreedError (usage) when a metric is monitored that there are no examples for.
  /// Collective.
  Evaluations(const TrainingOptions& options, const ingest::TrainingData& data, step::Learner& learner,
              mpi::Communicator& communicator, report::RunReporter& reporter);

  const std::vector<Metric>& metrics() const { return validator_.metrics(); }

  /// Takes over what an earlier run has measured.
  void recall(const step::TrainingState& state);

  /// Measures the model after an epoch, into its record. Returns whether it is the best so far. Collective.
  bool validate(step::EpochRecord& record);
  /// Measures the model of `state`, as the run that ended with it did. Collective.
  void validate_again(const step::TrainingState& state);
  /// What stands in the summary, beside what is reached without a model. Where a `best_checkpoint` is kept (empty: none is), it is
  /// measured on that, which `restore` loads into the model; without success on the last epoch. Collective.
  void finish(const step::TrainingState& state, const std::string& best_checkpoint,
              const std::function<bool()>& restore);

  const std::optional<BestEpoch::Best>& best() const { return best_.best(); }
  bool is_out_of_patience() const;
  /// `best_checkpoint` as in finish().
  report::Outcome outcome(const std::string& best_checkpoint) const;

 private:
  evaluation::Evaluator make_evaluator(ingest::Part part) const;
  /// `record` is of the epoch after which the model is as it is, for the report.
  void measure(evaluation::Evaluator& evaluator, ingest::Part part, const step::EpochRecord& record);
  /// Measures what the examples that were evaluated last, those of `evaluator`, come to without a model.
  void compare(const evaluation::Evaluator& evaluator);
  MetricValues measured_in(const step::EpochRecord& record) const;
  bool was_evaluated(const step::EpochRecord& record) const;

  const TrainingOptions& options_;
  const ingest::TrainingData& data_;
  step::Learner& learner_;
  mpi::Communicator& communicator_;
  report::RunReporter& reporter_;
  const ingest::Part part_;  // whose examples are measured after epochs
  evaluation::Evaluator validator_;
  BestEpoch best_;
  MetricValues latest_;
  ingest::Part latest_part_ = part_;
  evaluation::Baselines baselines_;  // of the same examples, when the run has finished
};

}  // namespace gemel::run
