#include "gemel/evaluate.hpp"

#include <utility>

#include "evaluation/baselines.hpp"
#include "library/errors.hpp"
#include "library/session.hpp"
#include "model/model_file.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "serving/evaluate.hpp"

namespace gemel {
namespace {

/// What the checkpoint was trained with, but for what is given. Throws AgreedError. Collective.
TrainingOptions settle(const EvaluationOptions& given, checkpoint::CheckpointReader& reader) {
  const auto settings = reader.attribute<std::string>("/", "config");
  const bool has_run = reader.has_attribute("/run", "options");
  const auto run = has_run ? reader.attribute<std::string>("/run", "options") : std::string("{}");
  TrainingOptions options;
  mpi::agree(reader.communicator(), [&] {
    options = options::saved_training_options(reader.path().string(), settings, run);
    if (!has_run && !given.data)
      throw UsageError(reader.path().string() +
                       ": it does not say where its data is; give EvaluationOptions::data");
    if (given.data) options.data = *given.data;
    if (options.data.split == SplitKind::files) {  // it comes of the data
      options.data.split = SplitKind::random;
      options.data.is_split_settled = false;
    }
    if (given.metrics) options.metrics = *given.metrics;
    if (given.top_k) options.top_k = *given.top_k;
    if (given.exclude_seen) options.exclude_seen = *given.exclude_seen;
    options.threads = given.threads;
    check(options);
  });
  return options;
}

EvaluatedExamples public_form(serving::Comparison comparison) {
  return {std::move(comparison.name), comparison.examples, std::move(comparison.model),
          std::move(comparison.baselines.popularity), std::move(comparison.baselines.random)};
}

EvaluationResult public_form(serving::EvaluationReport report) {
  EvaluationResult result;
  result.checkpoint = std::move(report.checkpoint);
  result.data = std::move(report.data);
  result.part = std::move(report.part);
  result.with_unknown_item = report.with_unknown_item;
  result.with_unknown_user = report.with_unknown_user;
  result.all = public_form(std::move(report.all));
  for (serving::Comparison& group : report.groups) result.groups.push_back(public_form(std::move(group)));
  return result;
}

}  // namespace

EvaluationResult evaluate(const std::string& path, const EvaluationOptions& options) {
  mpi::Communicator& world = library::world();
  const auto lock = library::hold_files();
  return library::with_public_errors([&] {
    const auto reader = model::open_checkpoint(path, world);
    const serving::EvaluationRequest request = {settle(options, *reader), options.part, options.by};
    serving::EvaluationReport report = serving::evaluate(*reader, request, [](const std::string&) {});
    return public_form(std::move(report));
  });
}

}  // namespace gemel
