#include "ingest/earlier_split.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/error.hpp"
#include "ingest/trained_sample.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {

void check_trained(const EarlierModel& earlier, const Dataset& dataset, const Split& split, bool draws_test,
                   mpi::Communicator& communicator) {
  const TrainedSample& sample = earlier.data.trained;
  if (sample.size() == 0) return;
  const SampleFate fate = find_sample(sample, dataset, split, communicator);
  const auto share = [&](std::int64_t count) {
    return fmt::format("{:.0f} %", 100 * static_cast<double>(count) / static_cast<double>(sample.size()));
  };
  if (draws_test && 2 * fate.at_another_time > sample.size()) {
    throw mpi::AgreedError(
        base::ExitCode::checkpoint,
        fmt::format(
            "{}: was trained on {} of these interactions with other timestamps, or some without. Splits "
            "are drawn from user, item and time, so training examples would come into the test. Give "
            "the data with the timestamps of before, or {}",
            earlier.path, share(fate.at_another_time), earlier.remedy));
  }
  if (fate.held_out > 0) {
    spdlog::warn(
        "{} of the examples that {} was trained on are kept out of training now: what is measured on them "
        "tells what the model remembers (of {} that were looked for)",
        share(fate.held_out), earlier.path, sample.size());
  }
  if (2 * fate.absent > sample.size()) {
    spdlog::warn(
        "{} of the examples that {} was trained on are not in this data (of {} that were looked for). If "
        "they are, with ids spelt in another way, they may be in the test now",
        share(fate.absent), earlier.path, sample.size());
  }
}

Split split_as_before(const Dataset& dataset, const DataOptions& options, const EarlierModel& earlier,
                      mpi::Communicator& communicator) {
  using enum SplitKind;
  const bool draws_test = !dataset.comes_split && (options.split == random || options.split == k_fold);
  if (!earlier.data.split && (draws_test || options.validation_fraction > 0)) {
    throw mpi::AgreedError(
        base::ExitCode::checkpoint,
        fmt::format("{}: was trained by a version of this program that drew splits in another way, so that "
                    "training examples would come into the test. To go on, {}",
                    earlier.path, earlier.remedy));
  }
  const EarlierSplit before = {earlier.data.split.value_or(SplitBorders()),
                               earlier.data.content_hash != dataset.content_hash};
  Split split = split_interactions(dataset, options, communicator, &before);
  if (before.is_of_other_data) check_trained(earlier, dataset, split, draws_test, communicator);
  return split;
}

}  // namespace gemel::ingest
