#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "model/two_tower.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix_view.hpp"

namespace gemel::model {

/// Numbers laid out like the parameters of a model, as checkpoints have them: its weights, or what an optimiser keeps beside them.
template <class T>
struct BasicParameterValues {
  std::string name;    ///< in checkpoints: "accumulator"; empty: the parameters themselves
  std::span<T> dense;  ///< [model.dense().size()]
  std::vector<tensor::BasicMatrixView<T>> tables;  ///< of table t [held rows, columns]
};
using ParameterValues = BasicParameterValues<float>;
using ConstParameterValues = BasicParameterValues<const float>;

ParameterValues weights_of(TwoTower& model);
ConstParameterValues weights_of(const TwoTower& model);

/// Writes a dataset for each parameter of `model`: /query/dense_0/kernel and /query/tables/<feature>/weights, or those of other
/// values, /query/dense_0/kernel_<name> and /query/tables/<feature>/<name>. Collective.
void write_parameters(checkpoint::CheckpointWriter& writer, const TwoTower& model,
                      const ConstParameterValues& values);

/// Whether a checkpoint has values of this name. Collective.
bool has_parameters(checkpoint::CheckpointReader& reader, const TwoTower& model, const std::string& name);

/// Throws AgreedError (checkpoint) when a table of the file has other columns than `values`, or other rows than the model's: but for
/// the last added[t] of table t, which it does not have. Collective.
void require_fitting_tables(checkpoint::CheckpointReader& reader, const TwoTower& model,
                            const ParameterValues& values, std::span<const std::int64_t> added);

/// Reads what write_parameters wrote, on any ranks and wherever the tables are; the last added[t] rows of table t stay as they are.
/// After require_fitting_tables. Throws AgreedError (checkpoint) for a layer of another shape. Collective.
void read_parameters(checkpoint::CheckpointReader& reader, const TwoTower& model,
                     const ParameterValues& values, std::span<const std::int64_t> added);

/// Calls visit(path in a checkpoint, values) for each of these values, in an order that is the same on every rank; of tables, the rows that
/// this rank holds. With `copies_only`, those alone of which every rank has a copy.
void for_each_parameter(const TwoTower& model, std::span<const ConstParameterValues> all, bool copies_only,
                        const std::function<void(const std::string&, tensor::ConstMatrixView)>& visit);

/// The path in a checkpoint of the first of these values in which any rank holds what is no finite number; empty when all are finite.
/// A pass over memory. Collective.
std::string first_not_finite(const TwoTower& model, std::span<const ConstParameterValues> all,
                             mpi::Communicator& communicator);

}  // namespace gemel::model
