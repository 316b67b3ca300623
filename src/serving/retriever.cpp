#include "serving/retriever.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"
#include "evaluation/top_k.hpp"

namespace gemel::serving {

/// The candidates that this rank scores.
struct Retriever::Share {
  std::size_t candidates = 0;      // of all ranks
  std::vector<std::int32_t> rows;  // of the catalogue, of all ranks' candidates; empty: they are all its rows
  evaluation::Shard shard;
  tensor::Matrix picked;             // their vectors, where they are not the block's
  tensor::ConstMatrixView of_block;  // their vectors
};

namespace {

/// Deals vectors [count, d] that lie on the ranks one after the other, in rank order, evenly. Collective.
tensor::Matrix deal_evenly(const tensor::Matrix& mine, std::size_t total, const evaluation::Shard& shard,
                           mpi::Communicator& communicator) {
  const base::EvenCuts cuts(static_cast<std::int64_t>(total), communicator.size());
  const std::int64_t first = communicator.sum_before(static_cast<std::int64_t>(mine.rows()));
  const std::int64_t last = first + static_cast<std::int64_t>(mine.rows());
  std::vector<std::size_t> counts;
  for (int rank = 0; rank < communicator.size(); ++rank) {
    const std::int64_t common = std::min(last, cuts.start(rank + 1)) - std::max(first, cuts.start(rank));
    counts.push_back(static_cast<std::size_t>(std::max<std::int64_t>(common, 0)) * mine.cols());
  }
  std::vector<std::size_t> received;
  const auto values = communicator.all_to_all(mine.view().flat(), counts, received);
  tensor::Matrix dealt(shard.count, mine.cols());
  std::ranges::copy(values, dealt.view().flat().begin());
  return dealt;
}

}  // namespace

Retriever::Share Retriever::whole_share(std::int64_t catalogue_items, tensor::ConstMatrixView vectors,
                                        const mpi::Communicator& communicator) {
  const auto items = static_cast<std::size_t>(catalogue_items);
  return {items, {}, evaluation::shard_of_rank(items, communicator.size(), communicator.rank()), {}, vectors};
}

Retriever::Share Retriever::allowed_share(const Share& whole, const std::vector<bool>& is_allowed,
                                          mpi::Communicator& communicator) {
  base::require(is_allowed.size() == whole.shard.count, "serving: a word on each item of the block");
  std::vector<std::int32_t> rows;
  for (std::size_t i = 0; i < is_allowed.size(); ++i) {
    if (is_allowed[i]) rows.push_back(static_cast<std::int32_t>(whole.shard.first + i));
  }
  tensor::Matrix picked(rows.size(), whole.of_block.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto vector = whole.of_block.row(static_cast<std::size_t>(rows[i]) - whole.shard.first);
    std::ranges::copy(vector, picked.row(i).begin());
  }
  Share share;
  share.rows = communicator.all_gather_varying(std::span<const std::int32_t>(rows));
  share.candidates = share.rows.size();
  share.shard = evaluation::shard_of_rank(share.candidates, communicator.size(), communicator.rank());
  share.picked = deal_evenly(picked, share.candidates, share.shard, communicator);
  share.of_block = share.picked.view();
  return share;
}

Retriever::Retriever(std::int64_t catalogue_items, tensor::ConstMatrixView vectors,
                     const std::vector<bool>* is_allowed, mpi::Communicator& communicator,
                     const base::ThreadTeam& team)
    : Retriever(is_allowed == nullptr ? whole_share(catalogue_items, vectors, communicator)
                                      : allowed_share(whole_share(catalogue_items, vectors, communicator),
                                                      *is_allowed, communicator),
                communicator, team) {}

Retriever::Retriever(Share share, mpi::Communicator& communicator, const base::ThreadTeam& team)
    : communicator_(communicator),
      team_(team),
      size_(share.candidates),
      rows_(std::move(share.rows)),
      tiles_(share.shard, share.of_block) {}

std::optional<std::int32_t> Retriever::find(std::int32_t row) const {
  if (rows_.empty()) return row;
  const auto found = std::ranges::lower_bound(rows_, row);
  if (found == rows_.end() || *found != row) return std::nullopt;
  return static_cast<std::int32_t>(found - rows_.begin());
}

ingest::UserHistory Retriever::exclude(std::span<const std::span<const std::int32_t>> left_out,
                                       std::span<const std::int32_t> numbers) {
  base::require(left_out.size() == numbers.size(), "serving: what is left out of each query's list");
  std::vector<std::int32_t> queries;
  std::vector<std::int32_t> candidates;
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    for (const std::int32_t row : left_out[i]) {
      const std::optional<std::int32_t> candidate = find(row);
      if (!candidate) continue;
      queries.push_back(numbers[i]);
      candidates.push_back(*candidate);
    }
  }
  return {communicator_.sum(static_cast<std::int64_t>(numbers.size())), queries, candidates, communicator_};
}

std::vector<std::vector<RankedItem>> Retriever::search(
    tensor::ConstMatrixView queries, std::size_t k, std::span<const std::span<const std::int32_t>> left_out) {
  std::vector<std::vector<RankedItem>> answers(queries.rows());
  if (size_ == 0) return answers;
  const std::int64_t first = communicator_.sum_before(static_cast<std::int64_t>(queries.rows()));
  std::vector<std::int32_t> numbers(queries.rows());  // of this rank's queries among those of all ranks
  std::iota(numbers.begin(), numbers.end(), static_cast<std::int32_t>(first));
  std::optional<ingest::UserHistory> excluded;
  if (communicator_.max(static_cast<std::int64_t>(left_out.size())) > 0)
    excluded.emplace(exclude(left_out, numbers));
  evaluation::TopK top_k(communicator_, team_, tiles_, size_, k, {excluded ? &*excluded : nullptr});
  const auto lists = top_k.search(queries, numbers);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const tensor::ScoredRow scored : lists[i])
      answers[i].push_back({row_of(tensor::row_of(scored)), tensor::score_of(scored)});
  }
  return answers;
}

}  // namespace gemel::serving
