#include "ingest/overlap.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/columns.hpp"

namespace gemel::ingest {
namespace {

struct Example {
  std::string user;
  std::int32_t item;
  Part part;
};

PartOverlap overlap_of(const std::vector<Example>& all, Part part, mpi::Communicator& communicator) {
  Dataset dataset;
  Split split;
  dataset.interactions.strings["user_id"];
  dataset.catalogue_total = 1000;
  for (const Example& example : block_of(all, communicator)) {
    dataset.interactions.strings["user_id"].push_back(example.user);
    dataset.item_rows.push_back(example.item);
    split.parts.push_back(example.part);
  }
  return compare_with_training(dataset, split, part, communicator);
}

void expect(const Overlap& overlap, std::int64_t distinct, std::int64_t in_training) {
  EXPECT_EQ(overlap.distinct, distinct);
  EXPECT_EQ(overlap.in_training, in_training);
}

TEST(OverlapTest, CountsWhatTrainingKnowsByHand) {
  auto world = mpi::Communicator::world();
  const std::vector<Example> all = {
      {"ann", 1, Part::train}, {"bob", 2, Part::train}, {"ann", 1, Part::test},       {"ann", 2, Part::test},
      {"cat", 2, Part::test},  {"cat", 2, Part::test},  {"dan", 9, Part::validation}, {"ann", 1, Part::train},
      {"bob", 7, Part::test},  {"cat", 7, Part::test}};
  const PartOverlap test = overlap_of(all, Part::test, world);
  expect(test.users, 3, 2);  // not cat
  expect(test.items, 3, 2);  // not 7
  expect(test.pairs, 5, 1);  // ann 1
  EXPECT_EQ(test.unknown_user, "cat");
  EXPECT_EQ(test.training_user, "ann");
  const PartOverlap validation = overlap_of(all, Part::validation, world);
  expect(validation.users, 1, 0);
  expect(validation.items, 1, 0);
  expect(validation.pairs, 1, 0);
  EXPECT_EQ(validation.pairs.shared(), 0);
}

TEST(OverlapTest, OfAPartWithoutExamplesNothingIsShared) {
  auto world = mpi::Communicator::world();
  const PartOverlap none = overlap_of({{"ann", 1, Part::train}}, Part::test, world);
  expect(none.users, 0, 0);
  expect(none.pairs, 0, 0);
  EXPECT_EQ(none.users.shared(), 0);
  EXPECT_EQ(none.unknown_user, "");
}

TEST(OverlapTest, IsThatOfSetsOnAnyNumberOfRanks) {
  auto world = mpi::Communicator::world();
  std::vector<Example> all;
  for (int i = 0; i < 3000; ++i) {
    const Part part = i % 5 == 0 ? Part::test : Part::train;
    all.push_back({std::to_string(i * 37 % 801), i * i % 413, part});
  }
  std::set<std::string> users[2];
  std::set<std::int32_t> items[2];
  std::set<std::pair<std::string, std::int32_t>> pairs[2];
  for (const Example& example : all) {
    const int is_test = example.part == Part::test ? 1 : 0;
    users[is_test].insert(example.user);
    items[is_test].insert(example.item);
    pairs[is_test].emplace(example.user, example.item);
  }
  const auto count = [](const auto& sets) {
    std::int64_t known = 0;
    for (const auto& one : sets[1]) known += sets[0].contains(one) ? 1 : 0;
    return known;
  };
  const PartOverlap overlap = overlap_of(all, Part::test, world);
  expect(overlap.users, static_cast<std::int64_t>(users[1].size()), count(users));
  expect(overlap.items, static_cast<std::int64_t>(items[1].size()), count(items));
  expect(overlap.pairs, static_cast<std::int64_t>(pairs[1].size()), count(pairs));
}

}  // namespace
}  // namespace gemel::ingest
