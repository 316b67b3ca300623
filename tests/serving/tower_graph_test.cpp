#include "serving/tower_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "mpi/agreement.hpp"
#include "serving/onnx_graph.hpp"
#include "support/tiny_problem.hpp"

namespace gemel::serving {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// What the graphs compute is tested in a runtime: tests/end_to_end/onnx.sh.

/// This rank's block of the vocabularies that test::tiny's features have whole.
std::vector<features::FittedFeature> in_blocks(std::vector<features::FittedFeature> features,
                                               const mpi::Communicator& world) {
  for (features::FittedFeature& feature : features) {
    if (feature.vocabulary.rows > 0)
      feature.vocabulary = ingest::own_block(feature.vocabulary.strings, world);
  }
  return features;
}

std::string graph_of(const model::Tower& tower, const model::TwoTower& model, mpi::Communicator& world) {
  return tower_graph(tower, model.dense(), world);
}

TEST(TowerGraph, IsTheSameWhereverTheTablesAre) {
  auto world = mpi::Communicator::world();
  const auto query = in_blocks(test::tiny::query_features(), world);
  const auto candidate = in_blocks(test::tiny::candidate_features(), world);
  model::TwoTower replicated(query, candidate, {.layers = {4, 2}, .normalize = true}, 1);
  model::TwoTower sharded(query, candidate, {.layers = {4, 2}, .normalize = true}, 1,
                          {world.size(), world.rank(), test::tiny::all_tables()});
  test::tiny::fill_with_weights(replicated);
  test::tiny::fill_with_weights(sharded);
  const std::string of_queries = graph_of(replicated.query(), replicated, world);
  if (world.is_root()) {
    EXPECT_THAT(of_queries, HasSubstr("column7:lookup:3"));  // the metadata
    EXPECT_THAT(of_queries, HasSubstr("LabelEncoder"));
  } else {
    EXPECT_THAT(of_queries, IsEmpty());
  }
  EXPECT_EQ(of_queries, graph_of(sharded.query(), sharded, world));
  EXPECT_EQ(graph_of(replicated.candidate(), replicated, world),
            graph_of(sharded.candidate(), sharded, world));
}

TEST(TowerGraph, RefusesATowerOfBiasesAlone) {
  auto world = mpi::Communicator::world();
  const auto query = in_blocks({test::tiny::feature("lookup", 7, 3)}, world);
  const auto candidate = in_blocks({test::tiny::feature("bias", 7, 1)}, world);
  const model::TwoTower model(query, candidate, {.layers = {2}}, 1);
  try {
    graph_of(model.candidate(), model, world);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const mpi::AgreedError& error) {
    EXPECT_EQ(error.code(), base::ExitCode::usage);
    EXPECT_THAT(error.what(), HasSubstr("the candidate tower has no features but biases"));
  }
  EXPECT_EQ(graph_of(model.query(), model, world).empty(), !world.is_root());
}

TEST(OnnxGraph, IsCheckedBeforeItIsAFile) {
  OnnxGraph graph("broken", "");
  const auto input = graph.input("x", OnnxGraph::Type::real, {"batch", "width"}, "anything");
  graph.output(graph.apply("Relu", {input}, "y"), "batch", 2);
  EXPECT_THAT(graph.file(), HasSubstr("Relu"));
  graph.apply("Relu", {"nowhere"}, "z");
  EXPECT_THROW(graph.file(), base::InternalError);
}

TEST(OnnxGraph, FilesEndAtTwoGigabytes) {
  OnnxGraph::require_room("query", 2'147'483'647);
  try {
    OnnxGraph::require_room("query", 4'000'000'000);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const base::OutputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("query.onnx: the tower takes 4.0 GB, a file of ONNX at most 2"));
  }
}

}  // namespace
}  // namespace gemel::serving
