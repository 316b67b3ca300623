#include "serving/recommended_items.hpp"

#include <algorithm>
#include <span>

#include "base/even_cuts.hpp"

namespace gemel::serving {

RecommendedItems::RecommendedItems(Recommender& recommender, const QuerySource& queries,
                                   const model::Catalogue& catalogue, std::size_t k,
                                   const SeenItems* seen_items, Seen seen, mpi::Communicator& communicator)
    : recommender_(recommender),
      queries_(queries),
      catalogue_(catalogue),
      k_(std::min(k, recommender.items())),
      seen_items_(seen_items),
      seen_(seen),
      communicator_(communicator) {}

ItemLists RecommendedItems::make(std::int64_t first, std::int64_t last) {
  const base::EvenCuts cuts(last - first, communicator_.size());
  const std::int64_t start = cuts.start(communicator_.rank());
  Queries queries = queries_.get(first + start, cuts.start(communicator_.rank() + 1) - start, communicator_);
  std::vector<std::span<const std::int32_t>> seen;
  // Sources have the same columns on every rank.
  const auto users = queries.columns.strings.find(user_column);
  const bool knows_seen = seen_items_ != nullptr && users != queries.columns.strings.end();
  if (knows_seen) seen = seen_items_->items_of(users->second, communicator_);

  const bool leaves_out = knows_seen && seen_ == Seen::left_out;
  Answers answers = recommender_.recommend(queries.columns, k_,
                                           leaves_out ? seen : std::vector<std::span<const std::int32_t>>());
  ItemLists lists;
  lists.queries = std::move(queries.names);
  lists.lists = std::move(answers.lists);
  lists.unknown.resize(lists.size());
  for (const auto& [row, feature] : answers.unknown) {
    std::vector<std::string>& columns = lists.unknown[row];
    const std::string& column = recommender_.encoder().features()[feature].spec.column;
    if (std::ranges::find(columns, column) == columns.end()) columns.push_back(column);
  }
  if (knows_seen) tell_seen(seen, lists);
  name_items(lists, catalogue_, communicator_);
  return lists;
}

void RecommendedItems::tell_seen(const std::vector<std::span<const std::int32_t>>& seen,
                                 ItemLists& lists) const {
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const RankedItem& item : lists.lists[i])
      lists.was_seen.push_back(std::ranges::binary_search(seen[i], item.row));
  }
}

}  // namespace gemel::serving
