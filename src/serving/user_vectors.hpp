#pragma once

#include <string>
#include <vector>

#include "evaluation/embedder.hpp"
#include "features/feature_rows.hpp"
#include "model/two_tower.hpp"
#include "serving/named_value.hpp"
#include "serving/vector_source.hpp"

namespace gemel::serving {

/// The feature that tells users apart: the lookup of user_id, or else the first feature of a kind with ids. Null where there is none.
const features::FittedFeature* user_feature(const model::Tower& queries);

/// The query vector of each user that the model knows. What the tower is made of beside the user is the same for all of them.
class UserVectors final : public VectorSource {
 public:
  /// `others`: the values of all columns but that of user_feature(), which the tower must have. Throws AgreedError (usage) for a column
  /// too many or too few, and for what is no number where there must be one. The references must outlive the object. Collective.
  UserVectors(const model::TwoTower& model, const std::vector<NamedValue>& others,
              mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime);

  VectorRows own(std::size_t first, std::size_t count) override;

 private:
  UserVectors(const model::TwoTower& model, ingest::StringColumn ids, const std::vector<NamedValue>& others,
              mpi::Communicator& communicator, const base::ThreadTeam& team, onednn::Runtime& runtime);

  ingest::StringColumn ids_;  // of this rank
  features::FeatureRows rows_;
  evaluation::Embedder embedder_;
};

}  // namespace gemel::serving
