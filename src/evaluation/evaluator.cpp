#include "gemel/evaluation/evaluator.hpp"

#include <algorithm>

#include "gemel/base/error.hpp"
#include "gemel/evaluation/embedder.hpp"
#include "gemel/evaluation/top_k.hpp"

namespace gemel::evaluation {

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
  Embedder(communicator_, team_, runtime_, model.candidate(), model.dense())
      .run(catalogue_, shard.first, candidates.view());
  TopK top_k(communicator_, team_, runtime_, catalogue_.size(), candidates.view(),
             static_cast<std::size_t>(top_k_.back()));

  const std::int64_t most_own = communicator_.max(static_cast<std::int64_t>(own_.size()));
  std::vector<std::int64_t> hits(top_k_.size(), 0);
  Embedder embed_queries(communicator_, team_, runtime_, model.query(), model.dense());
  tensor::Matrix queries;
  for (std::size_t first = 0; first < static_cast<std::size_t>(most_own); first += TopK::most_queries) {
    const std::size_t start = std::min(first, own_.size());
    const std::size_t count = std::min(TopK::most_queries, own_.size() - start);
    queries.resize(count, model.dim());
    embed_queries.run(own_.features, start, queries.view());
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
