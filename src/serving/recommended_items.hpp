#pragma once

#include "model/catalogue_file.hpp"
#include "mpi/communicator.hpp"
#include "serving/item_lists.hpp"
#include "serving/query_source.hpp"
#include "serving/recommender.hpp"
#include "serving/seen_items.hpp"

namespace gemel::serving {

/// What to do about items that the query's user has seen.
enum class Seen {
  left_out,
  kept,
};

/// The best items for each of some queries.
class RecommendedItems : public ListSource {
 public:
  /// `seen_items` is null where it is unknown what users have seen. The references must outlive the object.
  RecommendedItems(Recommender& recommender, const QuerySource& queries, const model::Catalogue& catalogue,
                   std::size_t k, const SeenItems* seen_items, Seen seen, mpi::Communicator& communicator);

  std::int64_t size() const override { return queries_.size(); }
  std::size_t k() const override { return k_; }
  std::size_t longest_query() override { return queries_.longest_name(communicator_); }
  ItemLists make(std::int64_t first, std::int64_t last) override;

 private:
  void tell_seen(const std::vector<std::span<const std::int32_t>>& seen, ItemLists& lists) const;

  Recommender& recommender_;
  const QuerySource& queries_;
  const model::Catalogue& catalogue_;
  std::size_t k_;
  const SeenItems* seen_items_;
  Seen seen_;
  mpi::Communicator& communicator_;
};

}  // namespace gemel::serving
