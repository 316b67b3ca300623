#include "gemel/evaluation/evaluator.hpp"

#include <algorithm>
#include <numeric>

#include "gemel/base/error.hpp"
#include "gemel/evaluation/top_k.hpp"

namespace gemel::evaluation {
namespace {

/// Rows that one thread embeds at a time. Always this many, the last ones padded, so that oneDNN sees one shape.
constexpr std::size_t embed_rows = 256;

}  // namespace

void embed(const model::Tower& tower, const model::DenseParameters& parameters,
           const ingest::FeatureRows& rows, std::size_t first, tensor::MatrixView vectors,
           const exchange::LaneTeam& team, onednn::Runtime& runtime) {
  struct Scratch {
    model::Tower::Activations activations;
    std::vector<std::int32_t> selection;
    tensor::Matrix vectors;
  };
  std::vector<Scratch> scratches(static_cast<std::size_t>(team.threads()));
  const std::size_t blocks = (vectors.rows() + embed_rows - 1) / embed_rows;
  team.for_each(static_cast<int>(blocks), [&](int block, int thread) {
    Scratch& scratch = scratches[static_cast<std::size_t>(thread)];
    const std::size_t start = static_cast<std::size_t>(block) * embed_rows;
    const std::size_t count = std::min(embed_rows, vectors.rows() - start);
    scratch.selection.assign(embed_rows, -1);
    std::iota(scratch.selection.begin(), scratch.selection.begin() + static_cast<std::ptrdiff_t>(count),
              static_cast<std::int32_t>(first + start));
    scratch.vectors.resize(embed_rows, vectors.cols());
    tower.look_up(rows, scratch.selection, scratch.activations);
    tower.forward(parameters.values(), scratch.activations, scratch.vectors.view(), runtime.executor(thread));
    std::copy_n(scratch.vectors.data(), count * vectors.cols(), vectors.row(start).data());
  });
}

Evaluator::Evaluator(mpi::Communicator& communicator, const exchange::LaneTeam& team,
                     onednn::Runtime& runtime, const ingest::Examples& own,
                     const ingest::FeatureRows& catalogue, std::vector<std::int64_t> top_k)
    : communicator_(communicator),
      team_(team),
      runtime_(runtime),
      own_(own),
      catalogue_(catalogue),
      top_k_(std::move(top_k)),
      examples_(communicator.sum(static_cast<std::int64_t>(own.size()))) {
  base::require(!top_k_.empty() && std::is_sorted(top_k_.begin(), top_k_.end()),
                "evaluation: top_k must ascend");
}

Accuracies Evaluator::evaluate(const model::TwoTower& model) {
  const Shard shard = shard_of_rank(catalogue_.size(), communicator_.size(), communicator_.rank());
  tensor::Matrix candidates(shard.count, model.dim());
  embed(model.candidate(), model.dense(), catalogue_, shard.first, candidates.view(), team_, runtime_);
  TopK top_k(communicator_, team_, runtime_, catalogue_.size(), candidates.view(),
             static_cast<std::size_t>(top_k_.back()));

  const std::int64_t most_own = communicator_.max(static_cast<std::int64_t>(own_.size()));
  std::vector<std::int64_t> hits(top_k_.size(), 0);
  tensor::Matrix queries;
  for (std::size_t first = 0; first < static_cast<std::size_t>(most_own); first += TopK::most_queries) {
    const std::size_t start = std::min(first, own_.size());
    const std::size_t count = std::min(TopK::most_queries, own_.size() - start);
    queries.resize(count, model.dim());
    embed(model.query(), model.dense(), own_.features, start, queries.view(), team_, runtime_);
    const auto answers = top_k.search(queries.view(), std::span(own_.items).subspan(start, count));
    for (const TopK::Answer& answer : answers) {
      const auto higher =
          std::partition_point(answer.best.begin(), answer.best.end(),
                               [&](ScoredRow candidate) { return score_of(candidate) > answer.true_score; });
      const std::int64_t outscored_by = higher - answer.best.begin();
      for (std::size_t i = 0; i < top_k_.size(); ++i) hits[i] += outscored_by < top_k_[i] ? 1 : 0;
    }
  }
  communicator_.sum(std::span(hits));
  Accuracies accuracies;
  for (std::size_t i = 0; i < top_k_.size(); ++i) {
    accuracies.emplace_back(
        top_k_[i], static_cast<double>(hits[i]) / static_cast<double>(std::max<std::int64_t>(examples_, 1)));
  }
  return accuracies;
}

}  // namespace gemel::evaluation
