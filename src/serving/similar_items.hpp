#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_team.hpp"
#include "model/loaded_model.hpp"
#include "mpi/communicator.hpp"
#include "serving/compared_vectors.hpp"
#include "serving/item_lists.hpp"
#include "serving/retriever.hpp"
#include "tensor/matrix.hpp"

namespace gemel::serving {

/// The row of the item that has this id, or else of the only one that has this label. Throws AgreedError (data) where several have the
/// label, with their ids, or none has, with those that are like it. Collective.
std::int64_t find_item(std::string_view id_or_label, const model::Catalogue& catalogue,
                       mpi::Communicator& communicator);

/// The items of the most similar vectors to that of each item, which is not in its own list. What a model adds to the scores of all queries
/// alike (a bias) does not count.
class SimilarItems : public ListSource {
 public:
  /// Lists of all items, or of the one in row `item`. The model and the communicator must outlive the object. Collective.
  SimilarItems(const model::LoadedModel& model, Measure measure, std::size_t k,
               std::optional<std::int64_t> item, int threads, mpi::Communicator& communicator);

  std::int64_t size() const override { return last_ - first_; }
  std::size_t k() const override { return k_; }
  std::size_t longest_query() override;
  ItemLists make(std::int64_t first, std::int64_t last) override;

 private:
  const model::Catalogue& catalogue_;
  std::int64_t first_;  // rows of the catalogue that are asked for
  std::int64_t last_;
  std::size_t k_;
  mpi::Communicator& communicator_;
  base::ThreadTeam team_;
  tensor::Matrix vectors_;  // of this rank's block, as they are compared
  Retriever retriever_;
};

}  // namespace gemel::serving
