#include "features/declarations.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.hpp"

namespace gemel::features {
namespace {

/// The columns of a tower's input.
std::size_t width_of(const std::vector<std::string>& declarations, std::size_t embedding_dim) {
  std::size_t width = 0;
  for (const std::string& declaration : declarations) {
    width += parse_feature(declaration, embedding_dim).width();
  }
  return width;
}

}  // namespace

std::vector<FeatureSpec> parse_features(const std::vector<std::string>& declarations,
                                        std::size_t default_dim) {
  std::vector<FeatureSpec> specs;
  for (const std::string& declaration : declarations)
    specs.push_back(parse_feature(declaration, default_dim));
  return specs;
}

void check_widths(const ModelOptions& model) {
  if (!model.layers.empty() || model.adapt_query_features || model.adapt_candidate_features) return;
  const std::size_t query = width_of(model.query_features, model.embedding_dim);
  const std::size_t candidate = width_of(model.all_candidate_features(), model.embedding_dim);
  if (query == candidate) return;
  throw base::UsageError(fmt::format(
      "--layers none: the query features ({}) have {} columns in all and the candidate features ({}) have "
      "{}, and "
      "only vectors of the same width can be compared; give features, or a :DIM of theirs, such that both "
      "are as "
      "wide, or layers",
      fmt::join(model.query_features, " "), query, fmt::join(model.candidate_features, " "), candidate));
}

}  // namespace gemel::features
