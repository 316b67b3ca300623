#include "options/rows/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "features/kinds.hpp"

namespace gemel::options {
namespace {

constexpr std::uint64_t widest = 65536;  // columns of a layer or an embedding

bool declares_bias(const std::vector<std::string>& features) {
  return std::ranges::any_of(features,
                             [](const std::string& feature) { return feature.starts_with("item_id:bias"); });
}

}  // namespace

std::vector<Option> tower_rows(ModelOptions& o) {
  const std::string group = "Model";
  return {
      {group, "layers", "WIDTHS",
       "Widths of the dense layers of each tower, in columns, such as 64,32. ReLU follows all but the last, "
       "whose width is that of the vectors that are compared. none: no layers, the vectors are the features "
       "side by side, and those of both towers must be of the same width in all: matrix factorisation.",
       list_or_none(number_list(o.layers, {"width", "64,32", widest}), o.layers), Effect::determines},
      {group, "normalize", "[=true|false]",
       "Scale the vectors of both towers to length 1, so that scores are cosines. Give a --temperature with "
       "it, such as 0.1.",
       toggle(o.normalize), Effect::determines},
      Option{
          group, "item-bias", "[=true|false]",
          "Learn a number for each item that is added to its score (with --temperature, divided by it like "
          "the rest), beside the vectors and outside of --normalize: a candidate feature item_id:bias.",
          toggle(o.item_bias), Effect::determines}
          .needing(always(!o.item_bias || !declares_bias(o.candidate_features),
                          "item_id:bias is a --candidate-feature already; leave one of them out")),
  };
}

std::vector<Option> dropout_rows(ModelOptions& o) {
  const std::string group = "Model";
  const std::string layers = o.layers.empty() ? "none" : fmt::format("{}", o.layers.front());
  return {
      {group, "unknown-share", "SHARE",
       "Share of the training examples whose ids, the lookup features of queries, are replaced by the "
       "unknown one, drawn anew in each epoch: its row, which is 0 otherwise, learns to stand for users "
       "without training examples. Compare it with 0 on such users (src/features/README.md does); in [0, 1).",
       fraction(o.unknown_share), Effect::steers},
      Option{group, "dropout", "SHARE",
             "Share of the outputs of every layer but the last that training sets to 0, drawn anew at each "
             "step, while the others are divided by 1 - SHARE; in [0, 1). A candidate that is in a batch "
             "several times is drawn once.",
             fraction(o.dropout), Effect::steers}
          .needing(always(
              o.dropout == 0 || o.layers.size() > 1,
              fmt::format(
                  "it drops outputs of the layers before the last, and --layers {} has none; give more "
                  "layers, or --query-dropout and --candidate-dropout, which drop from the inputs",
                  layers))),
      {group, "query-dropout", "SHARE", "The same of the query tower's input, its features side by side.",
       fraction(o.query_dropout), Effect::steers},
      {group, "candidate-dropout", "SHARE", "The same of the candidate tower's input.",
       fraction(o.candidate_dropout), Effect::steers},
  };
}

std::vector<Option> feature_rows(ModelOptions& o) {
  const std::string group = "Model";
  const std::string kinds = features::kinds_help() + "; DIM is the width of its embedding.";
  return {
      {group, "embedding-dim", "N",
       "Width of the embedding, in columns, of a feature that names no DIM of its own.",
       whole_number(o.embedding_dim, 1, widest), Effect::run},
      {group, "embedding-range", "R",
       "Embeddings begin as random numbers, uniform in +-R. With --normalize vectors turn by steps in "
       "proportion to --learning-rate / their length, so that a smaller R means a quicker start.",
       positive_number(o.embedding_range), Effect::determines},
      Option{group, "query-feature", "COLUMN:KIND[:DIM]",
             "A feature of the query tower; give the option once per feature. Giving any replaces the "
             "defaults; these are user_id:lookup alone where the data has no timestamps. " +
                 kinds,
             feature_list(o.query_features, o.embedding_dim), Effect::determines}
          .kept_if(!o.adapt_query_features)
          .of_data(),
      Option{group, "candidate-feature", "COLUMN:KIND[:DIM]",
             "The same for the candidate tower; the default is item_id:lookup alone where the data has no "
             "titles.",
             feature_list(o.candidate_features, o.embedding_dim), Effect::determines}
          .kept_if(!o.adapt_candidate_features)
          .of_data(),
  };
}

}  // namespace gemel::options
