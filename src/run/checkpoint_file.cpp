#include "run/checkpoint_file.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "ingest/data_identity_file.hpp"
#include "learning/optimizer_file.hpp"
#include "model/model_file.hpp"
#include "step/training_state_file.hpp"

namespace gemel::run {
namespace {

void write_run(checkpoint::CheckpointWriter& writer, const RunIdentity& run,
               mpi::Communicator& communicator) {
  std::string created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  communicator.broadcast(created);
  writer.attribute("/run", "created", created);
  writer.attribute("/run", "ranks", std::int64_t{communicator.size()});
  writer.attribute("/run", "options", run.options);
  writer.attribute("/", "lanes", std::int64_t{run.lanes});
  writer.attribute("/", "seed", run.seed);
  writer.attribute("/", "config", run.config);
}

}  // namespace

void write_checkpoint(checkpoint::CheckpointWriter& writer, const RunIdentity& run,
                      const step::TrainingState& state, const model::CatalogueView& catalogue,
                      const model::TwoTower& model, const learning::Optimizer& optimizer,
                      mpi::Communicator& communicator) {
  write_run(writer, run, communicator);
  ingest::write_data_identity(writer, run.data);
  step::write_state(writer, state, run.metrics, run.top_k);
  model::write_model(writer, model);
  learning::write_optimizer(writer, model, optimizer);
  model::write_catalogue(writer, catalogue);
  if (run.history) ingest::write_history(writer, *run.history);
}

std::string first_not_finite(const model::TwoTower& model, const learning::Optimizer& optimizer,
                             mpi::Communicator& communicator) {
  std::vector<model::ConstParameterValues> all = learning::slot_values(optimizer);
  all.insert(all.begin(), model::weights_of(model));
  return model::first_not_finite(model, all, communicator);
}

step::TrainingState load_checkpoint(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                                    learning::Optimizer& optimizer, const std::vector<Metric>& metrics) {
  step::TrainingState state = step::read_state(reader, metrics);
  learning::read_model_and_optimizer(reader, model, optimizer, state.step, model::rows_added(model));
  return state;
}

void restore_checkpoint(checkpoint::CheckpointReader& reader, model::TwoTower& model,
                        learning::Optimizer& optimizer) {
  const auto step = reader.attribute<std::int64_t>("/", "step");
  const std::vector<std::int64_t> none_added(model.tables().size(), 0);
  learning::read_model_and_optimizer(reader, model, optimizer, step, none_added);
}

}  // namespace gemel::run
