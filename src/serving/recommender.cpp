#include "serving/recommender.hpp"

namespace gemel::serving {

Recommender::Recommender(const model::LoadedModel& model, const std::vector<bool>* is_allowed, int threads,
                         mpi::Communicator& communicator)
    : dim_(model.towers().dim()),
      team_(threads),
      runtime_(threads),
      encoder_(model.towers().query().features(), communicator),
      embedder_(communicator, team_, runtime_, model.towers().query(), model.towers().dense()),
      retriever_(model.catalogue().size(), model.catalogue().vectors.view(), is_allowed, communicator,
                 team_) {}

Answers Recommender::recommend(const ingest::Columns& queries, std::size_t k,
                               std::span<const std::span<const std::int32_t>> left_out) {
  const features::FeatureRows rows = encoder_.encode(queries);
  vectors_.resize(queries.rows, dim_);
  embedder_.run(rows, 0, vectors_.view());
  return {retriever_.search(vectors_.view(), k, left_out), encoder_.unknown_values(rows)};
}

}  // namespace gemel::serving
