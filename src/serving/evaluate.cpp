#include "serving/evaluate.hpp"

#include <fmt/format.h>

#include <utility>

#include "evaluation/evaluator.hpp"
#include "ingest/data_identity_file.hpp"
#include "model/loaded_model.hpp"
#include "mpi/agreement.hpp"
#include "options/settings.hpp"
#include "run/instruction_sets.hpp"
#include "serving/grouping.hpp"

namespace gemel::serving {
namespace {

/// Evaluates one set of examples after the other.
class ModelEvaluation {
 public:
  /// The references must outlive the object. Collective.
  ModelEvaluation(const model::LoadedModel& model, const TrainingOptions& options, const EvaluationData& data,
                  mpi::Communicator& communicator)
      : model_(model),
        data_(data),
        communicator_(communicator),
        metrics_(make_metrics(options.metrics, options.top_k)),
        team_(options.threads),
        runtime_(options.threads),
        popularity_(model.catalogue().counts),
        tiles_(evaluation::shard_of_rank(size(), communicator.size(), communicator.rank()),
               model.catalogue().vectors.view()) {}

  /// Those of all examples warn of ties, and when the model loses to popularity. Collective.
  Comparison compare_all() {
    Comparison all = compare("", data_.examples, /*is_part=*/false);
    evaluation::warn_of_losing(all.model, all.baselines.popularity);
    return all;
  }

  /// Those whose mask has the bit `group`. Collective.
  Comparison compare_group(const Grouping& grouping, std::size_t group) {
    const features::Examples& all = data_.examples;
    features::Examples chosen;
    chosen.features = all.features.empty_like();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((grouping.masks[i] >> group & 1U) == 0) continue;
      chosen.features.append(all.features, i);
      chosen.items.push_back(all.items[i]);
      chosen.users.push_back(all.users[i]);
      if (!all.places.empty()) chosen.places.push_back(all.places[i]);
    }
    return compare(grouping.names[group], chosen, /*is_part=*/true);
  }

 private:
  std::size_t size() const { return model_.catalogue().counts.size(); }

  Comparison compare(std::string name, const features::Examples& examples, bool is_part) {
    evaluation::Evaluator evaluator(communicator_, team_, runtime_, examples, size(), metrics_,
                                    data_.seen ? &*data_.seen : nullptr);
    if (is_part) evaluator.warn_no_more();
    Comparison result;
    result.name = std::move(name);
    result.examples = evaluator.examples();
    if (result.examples == 0) return result;
    result.model = evaluator.evaluate(model_.towers(), tiles_);
    result.baselines = evaluator.baselines(popularity_);
    return result;
  }

  const model::LoadedModel& model_;
  const EvaluationData& data_;
  mpi::Communicator& communicator_;
  std::vector<Metric> metrics_;
  base::ThreadTeam team_;
  onednn::Runtime runtime_;
  evaluation::PopularityOrder popularity_;
  evaluation::ScoreTiles tiles_;
};

/// With what the model was trained. Throws AgreedError (checkpoint). Collective.
TrainingOptions trained_with(checkpoint::CheckpointReader& reader) {
  const auto settings = reader.attribute<std::string>("/", "config");
  TrainingOptions options;
  mpi::agree(reader.communicator(),
             [&] { options = options::saved_training_options(reader.path().string(), settings); });
  return options;
}

}  // namespace

EvaluationReport evaluate(checkpoint::CheckpointReader& reader, const EvaluationRequest& request,
                          const Tell& tell) {
  mpi::Communicator& communicator = reader.communicator();
  run::require_one_instruction_set(communicator);
  tell("reading the model");
  const model::LoadedModel model(reader);
  const ingest::DataIdentity trained_on = ingest::read_data_identity(reader);
  tell("reading the data");
  const EvaluationData data = read_evaluation_data(model, trained_on, trained_with(reader), request.options,
                                                   request.part, {.names = {request.by}}, communicator);
  Grouping grouping;  // first, as it may refuse the column
  if (!request.by.empty())
    grouping = group_examples(request.by, data, model.catalogue().counts, communicator);

  EvaluationReport report;
  report.checkpoint = model.path().string();
  report.epoch = model.epoch();
  report.step = model.step();
  report.data = data.dataset.name;
  report.part = name_of(data.part);
  report.candidates = model.catalogue().size();
  report.with_unknown_item = data.with_unknown_item;
  report.with_unknown_user = data.with_unknown_user;
  tell(fmt::format("evaluating {} examples", data.total));
  ModelEvaluation evaluation(model, request.options, data, communicator);
  report.all = evaluation.compare_all();
  for (std::size_t group = 0; group < grouping.names.size(); ++group) {
    tell(fmt::format("evaluating group {} of {}", group + 1, grouping.names.size()));
    Comparison of_group = evaluation.compare_group(grouping, group);
    if (of_group.examples > 0) report.groups.push_back(std::move(of_group));
  }
  return report;
}

}  // namespace gemel::serving
