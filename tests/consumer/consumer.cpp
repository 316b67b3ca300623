// Trains on the built-in data for two epochs into the directory that is given, says how it went, and measures the model anew.
#include <gemel/error.hpp>
#include <gemel/evaluate.hpp>
#include <gemel/log.hpp>
#include <gemel/train.hpp>
#include <gemel/version.hpp>

#include <iostream>

namespace {

struct Narrator : gemel::TrainingObserver {
  void on_epoch(const gemel::TrainedEpoch& epoch) override {
    std::cout << "epoch " << epoch.epoch << ": loss " << epoch.loss << "\n";
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: consumer CHECKPOINT_DIRECTORY\n";
    return 2;
  }
  gemel::TrainingOptions options;
  options.data.synthetic.interactions = 5000;
  options.epochs = 2;
  options.checkpoint.directory = argv[1];
  options.checkpoint.store_history = true;
  try {
    gemel::set_log_level("error");
    Narrator narrator;
    const gemel::TrainingResult result = gemel::train(options, &narrator);
    std::cout << "gemel " << gemel::version() << " wrote " << result.checkpoint << "\n";
    for (const auto& [metric, value] : result.metrics) std::cout << metric.name() << " " << value << "\n";
    const gemel::EvaluationResult again = gemel::evaluate(result.checkpoint, {.by = "popularity"});
    if (again.all.model != result.metrics || again.all.popularity.size() != result.metrics.size() ||
        again.groups.empty()) {
      std::cout << "the checkpoint's figures are not those of the training\n";
      return 1;
    }
    if (gemel::evaluate(argv[1], {.part = gemel::EvaluatedPart::train, .top_k = {{7}}})
            .all.model.front()
            .first.k != 7)
      return 1;
    gemel::TrainingOptions untrained = options;
    untrained.epochs = 0;
    try {
      gemel::train(untrained);
      return 1;
    } catch (const gemel::UsageError& error) {
      std::cout << "refused: " << error.what() << "\n";
    }
    options.checkpoint.resume = "none.h5";
    gemel::train(options);  // there is no such checkpoint
  } catch (const gemel::Error& error) {
    std::cout << "refused: " << error.what() << "\n";
    return error.code() == gemel::ExitCode::checkpoint ? 0 : 1;
  }
  return 1;
}
