#include "evaluation/embedder.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "model/table_access.hpp"

namespace gemel::evaluation {
namespace {

constexpr std::size_t embed_rows = Embedder::rows_together;

/// Rows for which a rank fetches table rows at a time: bounds the memory of a round.
constexpr std::size_t fetch_rows = 64 * embed_rows;

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
      request_(communicator, model::row_tables(tower),
               std::vector<std::size_t>(static_cast<std::size_t>(communicator.size()), 1)),
      fetch_(communicator),
      scratches_(static_cast<std::size_t>(team.threads())) {}

void Embedder::run(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors) {
  // Nothing has to come from other ranks: all at once.
  if (request_.sharded().empty()) {
    fetch(rows, first, 0);
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
  request_.start([&](std::size_t, std::size_t table, std::vector<std::int64_t>& wanted) {
    tower_.touched_rows(rows, selection, table, wanted);
  });
  request_.finish();
  fetch_.start(request_, model::held_rows(tower_));
  fetch_.finish();
}

void Embedder::embed(const features::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors) {
  const std::size_t blocks = (vectors.rows() + embed_rows - 1) / embed_rows;
  team_.for_each(static_cast<int>(blocks), [&](int block, int thread) {
    Scratch& scratch = scratches_[static_cast<std::size_t>(thread)];
    const std::size_t start = static_cast<std::size_t>(block) * embed_rows;
    const std::size_t count = std::min(embed_rows, vectors.rows() - start);
    select(first + start, count, scratch.selection);
    scratch.vectors.resize(embed_rows, vectors.cols());
    tower_.look_up(rows, scratch.selection, fetch_.rows(0), scratch.activations);
    tower_.forward({parameters_.values(), runtime_.executor(thread)}, scratch.activations,
                   scratch.vectors.view());
    std::copy_n(scratch.vectors.data(), count * vectors.cols(), vectors.row(start).data());
  });
  flops_ += tower_.architecture().forward_flops(blocks * embed_rows);
}

}  // namespace gemel::evaluation
