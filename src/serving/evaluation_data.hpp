#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "features/examples.hpp"
#include "gemel/evaluate.hpp"
#include "gemel/options.hpp"
#include "ingest/data_identity.hpp"
#include "ingest/dataset.hpp"
#include "ingest/part.hpp"
#include "ingest/user_history.hpp"
#include "ingest/wanted_columns.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

using gemel::EvaluatedPart;

/// The names that --part takes.
std::vector<std::pair<std::string, EvaluatedPart>> evaluated_part_names();
std::string name_of(EvaluatedPart part);

/// Examples for a model to be evaluated on, of this rank.
struct EvaluationData {
  ingest::Dataset dataset;
  std::vector<std::size_t> chosen;  ///< the interactions of the dataset's block that are the examples
  EvaluatedPart part = EvaluatedPart::test;

  features::Examples
      examples;  ///< with users; an item that the model's catalogue lacks has a number beyond it
  std::optional<ingest::UserHistory> seen;  ///< what rankings leave out; none where they leave out nothing
  std::vector<std::int64_t> user_counts;    ///< training examples of every user, the same on every rank

  // Of all ranks:
  std::int64_t total = 0;
  std::int64_t with_unknown_item = 0;  ///< their item is not in the model's catalogue
  std::int64_t with_unknown_user = 0;  ///< their user is none that the model knows
};

/// Reads the data that `options` name and splits it, as the model's own was where the options of the split are the same; otherwise warns of
/// training examples among those to be evaluated. Features are the model's, and learn nothing; `columns` are read,
/// too. Throws AgreedError: (usage) for options
/// that do not fit the data, (data) also for a part without examples and where the catalogue lacks all their items. Collective.
EvaluationData read_evaluation_data(const model::LoadedModel& model, const ingest::DataIdentity& trained_on,
                                    const TrainingOptions& trained_with, TrainingOptions options,
                                    EvaluatedPart part, const ingest::WantedColumns& columns,
                                    mpi::Communicator& communicator);

}  // namespace gemel::serving
