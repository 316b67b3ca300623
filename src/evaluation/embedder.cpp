#include "evaluation/embedder.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "model/table_access.hpp"

namespace gemel::evaluation {
namespace {

/// Rows that one thread embeds at a time. Always this many, the last ones padded, so that oneDNN sees one shape.
constexpr std::size_t embed_rows = 256;

/// Rows for which a rank fetches table rows at a time: bounds the memory of a round.
constexpr std::size_t fetch_rows = 64 * embed_rows;

std::vector<exchange::ShardedTable> sharded_tables(const model::Tower& tower) {
  std::vector<exchange::ShardedTable> sharded;
  model::append_sharded(tower.tables(), 0, sharded);
  return sharded;
}

/// Makes `selection` [embed_rows] the rows first, first + 1, ..., then -1.
void select(std::size_t first, std::size_t count, std::vector<std::int32_t>& selection) {
  selection.assign(embed_rows, -1);
  std::iota(selection.begin(), selection.begin() + static_cast<std::ptrdiff_t>(count),
            static_cast<std::int32_t>(first));
}

}  // namespace

Embedder::Embedder(mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime,
                   const model::Tower& tower, const model::DenseParameters& parameters)
    : communicator_(communicator),
      team_(team),
      runtime_(runtime),
      tower_(tower),
      parameters_(parameters),
      request_(communicator, sharded_tables(tower),
               std::vector<std::size_t>(static_cast<std::size_t>(communicator.size()), 1)),
      fetch_(communicator),
      scratches_(static_cast<std::size_t>(team.threads())) {}

void Embedder::run(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors) {
  if (request_.tables() == 0) {
    model::reach_rows(tower_.tables(), request_, fetch_, 0, 0, tables_);
    embed(rows, first, vectors);
    return;
  }
  const auto most = static_cast<std::size_t>(communicator_.max(static_cast<std::int64_t>(vectors.rows())));
  for (std::size_t round = 0; round < most; round += fetch_rows) {
    const std::size_t start = std::min(round, vectors.rows());
    const std::size_t count = std::min(fetch_rows, vectors.rows() - start);
    fetch(rows, first + start, count);
    embed(rows, first + start, vectors.middle_rows(start, count));
  }
}

/// Brings the table rows that `count` rows from `first` on touch within reach. Collective.
void Embedder::fetch(const features::FeatureRows& rows, std::size_t first, std::size_t count) {
  std::vector<std::int32_t> selection(count);
  std::iota(selection.begin(), selection.end(), static_cast<std::int32_t>(first));
  for (std::size_t table = 0; table < request_.tables(); ++table) {
    std::vector<std::int64_t>& wanted = request_.wanted(0, table);
    wanted.clear();
    tower_.touched_rows(rows, selection, request_.table(table).index, wanted);
    model::make_distinct(wanted);
  }
  request_.start();
  request_.finish();
  std::vector<tensor::ConstMatrixView> held;
  model::append_held_rows(tower_.tables(), held);
  fetch_.start(request_, held);
  fetch_.finish();
  model::reach_rows(tower_.tables(), request_, fetch_, 0, 0, tables_);
}

void Embedder::embed(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors) {
  const std::size_t blocks = (vectors.rows() + embed_rows - 1) / embed_rows;
  team_.for_each(static_cast<int>(blocks), [&](int block, int thread) {
    Scratch& scratch = scratches_[static_cast<std::size_t>(thread)];
    const std::size_t start = static_cast<std::size_t>(block) * embed_rows;
    const std::size_t count = std::min(embed_rows, vectors.rows() - start);
    select(first + start, count, scratch.selection);
    scratch.vectors.resize(embed_rows, vectors.cols());
    tower_.look_up(rows, scratch.selection, tables_, scratch.activations);
    tower_.forward({parameters_.values(), runtime_.executor(thread)}, scratch.activations,
                   scratch.vectors.view());
    std::copy_n(scratch.vectors.data(), count * vectors.cols(), vectors.row(start).data());
  });
  flops_ += tower_.architecture().forward_flops(blocks * embed_rows);
}

}  // namespace gemel::evaluation
