#include "step/prepared_batch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "learning/negatives.hpp"
#include "mpi/communicator.hpp"
#include "support/tiny_problem.hpp"

namespace gemel::step {
namespace {

using test::tiny::draw;
using test::tiny::feature;

constexpr int lanes = 8;
constexpr std::int64_t total = 700;
constexpr std::int64_t batch_size = 300;  // so the last batch is short
constexpr std::int32_t items = 400;  // so batches have several granules of columns, and lanes none or a few
constexpr std::uint64_t seed = 5;
constexpr std::size_t query_tables = 2;

/// Example number i, and the catalogue's row i, as every rank can make them.
std::vector<std::uint32_t> query_words(std::uint64_t i) {
  return {draw(1, i, 50), draw(2, i, 5), std::bit_cast<std::uint32_t>(0.5F)};
}
std::int32_t item_of(std::uint64_t i) {
  return static_cast<std::int32_t>(draw(3, i, 20) * draw(4, i, 20));
}
float weight_of(std::uint64_t i) {
  return static_cast<float>(i % 5) * 0.375F;
}
std::int32_t user_of(std::uint64_t i) {
  return static_cast<std::int32_t>(i % 11);
}
std::vector<std::uint32_t> tokens_of(std::int32_t item) {
  std::vector<std::uint32_t> tokens;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(item % 4); ++i)
    tokens.push_back(2 + draw(5, static_cast<std::uint64_t>(item) * 8 + i, 58));
  return tokens;
}

features::FeatureRows catalogue() {
  features::FeatureRows rows;
  rows.features = 2;
  rows.lists = {1};
  for (std::int32_t item = 0; item < items; ++item) {
    rows.words.push_back(static_cast<std::uint32_t>(item));
    rows.words.push_back(rows.add_list(tokens_of(item)));
  }
  return rows;
}

std::vector<std::int64_t> item_counts() {
  std::vector<std::int64_t> counts(items, 0);
  for (std::uint64_t i = 0; i < total; ++i) ++counts[static_cast<std::size_t>(item_of(i))];
  return counts;
}

struct Case {
  LossOptions loss = {};
  bool has_weights = false;
  bool has_users = false;
  std::set<std::string> sharded = {};  // tables
};

const std::set<std::string> all_tables = {"query/tables/column50_lookup", "query/tables/column5_bucketize",
                                          "candidate/tables/column400_lookup",
                                          "candidate/tables/column60_text"};

std::vector<Case> cases() {
  const LossOptions catalogue = {.negatives = NegativeSource::catalogue};
  const LossOptions drawn = {.extra_negatives = 70};
  const LossOptions popular = {.extra_negatives = 70,
                               .negative_distribution = NegativeDistribution::popularity};
  return {{},
          {.has_weights = true, .has_users = true},
          {.sharded = all_tables},
          {.has_users = true, .sharded = {*all_tables.begin(), *all_tables.rbegin()}},
          {.loss = catalogue, .sharded = all_tables},
          {.loss = catalogue, .has_weights = true},
          {.loss = drawn, .has_weights = true, .sharded = all_tables},
          {.loss = popular, .has_users = true, .sharded = all_tables}};
}

/// A batch as one rank would make it that has all examples, lane after lane.
class PlainBatch {
 public:
  PlainBatch(const Case& of, std::int64_t epoch, std::int64_t batch) {
    const base::KeyedPermutation order(base::random_key(seed, "epoch " + std::to_string(epoch)), total);
    const std::int64_t first = batch * batch_size;
    examples_.resize(static_cast<std::size_t>(std::min(batch_size, total - first)));
    for (std::uint64_t i = 0; i < total; ++i) {
      const std::int64_t place = static_cast<std::int64_t>(order(i)) - first;
      if (place >= 0 && place < std::ssize(examples_)) examples_[static_cast<std::size_t>(place)] = i;
    }
    std::vector<std::int32_t> drawn;  // how they are drawn has tests of its own
    learning::Negatives(of.loss, item_counts(), seed).draw(epoch, batch, drawn);
    const bool takes_all = of.loss.negatives == NegativeSource::catalogue;
    std::set<std::int32_t> distinct(drawn.begin(), drawn.end());
    for (std::int32_t item = 0; takes_all && item < items; ++item) distinct.insert(item);
    for (const std::uint64_t example : examples_) distinct.insert(item_of(example));
    columns_.assign(distinct.begin(), distinct.end());
    for (const std::int32_t item : columns_) {
      std::int64_t count = std::ranges::count(drawn, item);
      for (const std::uint64_t example : examples_) count += item_of(example) == item ? 1 : 0;
      multiplicities_.push_back(takes_all ? 1 : static_cast<std::int32_t>(count));
    }
    while (columns_.size() % 32 != 0) {
      columns_.push_back(-1);
      multiplicities_.push_back(0);
    }
    for (const std::uint64_t example : examples_) weight_ += of.has_weights ? weight_of(example) : 1;
  }

  const std::vector<std::int32_t>& columns() const { return columns_; }
  const std::vector<std::int32_t>& multiplicities() const { return multiplicities_; }
  double weight() const { return weight_; }

  std::vector<std::uint64_t> examples_of(int lane) const {
    const auto border = [&](int part) { return examples_.size() * static_cast<std::size_t>(part) / lanes; };
    return {examples_.begin() + static_cast<std::ptrdiff_t>(border(lane)),
            examples_.begin() + static_cast<std::ptrdiff_t>(border(lane + 1))};
  }
  /// Whole granules of 32.
  std::vector<std::int32_t> columns_of(int lane) const {
    const auto border = [&](int part) {
      return columns_.size() / 32 * static_cast<std::size_t>(part) / lanes * 32;
    };
    return {columns_.begin() + static_cast<std::ptrdiff_t>(border(lane)),
            columns_.begin() + static_cast<std::ptrdiff_t>(border(lane + 1))};
  }
  std::int32_t column_of(std::int32_t item) const {
    return static_cast<std::int32_t>(std::ranges::find(columns_, item) - columns_.begin());
  }
  /// The rows of a table that lanes [first, last) look up.
  std::set<std::int64_t> rows_of(int first, int last, std::size_t table) const {
    std::set<std::int64_t> rows;
    for (int lane = first; lane < last; ++lane) {
      for (const std::uint64_t example : examples_of(lane)) {
        if (table < query_tables) rows.insert(query_words(example)[table]);
      }
      for (const std::int32_t item : columns_of(lane)) {
        if (table == query_tables && item >= 0) rows.insert(item);
        if (table != query_tables + 1 || item < 0) continue;
        for (const std::uint32_t token : tokens_of(item)) rows.insert(token);
      }
    }
    return rows;
  }

 private:
  std::vector<std::uint64_t> examples_;  // in their order in the batch
  std::vector<std::int32_t> columns_;
  std::vector<std::int32_t> multiplicities_;
  double weight_ = 0;
};

/// What a batch is prepared from on this rank, which has every so-manyth example.
struct Setting {
  mpi::Communicator world = mpi::Communicator::world();
  exchange::LaneLayout layout{lanes, world.size(), world.rank()};
  features::FeatureRows rows = catalogue();
  Case of;
  model::TwoTower model;
  learning::Negatives negatives;
  EpochDeal deal;

  explicit Setting(const Case& given)
      : of(given),
        model({feature("lookup", 50, 3), feature("bucketize(4)", 5, 2), feature("normalize", 0, 1)},
              {feature("lookup", items, 3), feature("text(60)", 60, 4)}, {.layers = {4}}, seed,
              {world.size(), world.rank(), given.sharded}),
        negatives(given.loss, item_counts(), seed),
        deal(make_deal()) {
    for (const model::EmbeddingTable* table : model.tables()) {
      EXPECT_EQ(table->is_sharded(), world.size() > 1 && of.sharded.contains(table->name())) << table->name();
    }
  }

  EpochDeal make_deal() {
    features::Examples own;
    own.features.features = 3;
    std::vector<std::int64_t> numbers;
    for (auto i = static_cast<std::uint64_t>(world.rank()); i < total;
         i += static_cast<std::uint64_t>(world.size())) {
      numbers.push_back(static_cast<std::int64_t>(i));
      own.items.push_back(item_of(i));
      for (const std::uint32_t word : query_words(i)) own.features.words.push_back(word);
      if (of.has_weights) own.weights.push_back(weight_of(i));
      if (of.has_users) own.users.push_back(user_of(i));
    }
    return {layout, world, std::move(own), {.numbers = std::move(numbers)}, total, batch_size, seed};
  }
};

void prepare(PreparedBatch& batch, std::int64_t number, const Setting& setting) {
  batch.start_gather(number, 1U << setting.world.rank());
  batch.progress();
  batch.wait_for_gather();
  EXPECT_EQ(batch.finish_gather(), (1U << setting.world.size()) - 1);
  batch.start_request();
  batch.finish_request();
}

void expect_lane(const PreparedBatch& batch, std::size_t own_lane, const PlainBatch& plain,
                 const Setting& setting) {
  const int lane = setting.layout.lanes.first + static_cast<int>(own_lane);
  const PreparedBatch::LaneTask& task = batch.lanes()[own_lane];
  const std::vector<std::uint64_t> examples = plain.examples_of(lane);
  EXPECT_TRUE(std::ranges::equal(batch.columns_of(task), plain.columns_of(lane))) << lane;
  ASSERT_EQ(task.selection.size(), examples.size());
  ASSERT_EQ(task.labels.size(), examples.size());
  ASSERT_EQ(task.weights.size(), setting.of.has_weights ? examples.size() : 0);
  ASSERT_EQ(task.users.size(), setting.of.has_users ? examples.size() : 0);
  const features::Examples& dealt = setting.deal.dealt();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const auto row = static_cast<std::size_t>(task.selection[i]);
    EXPECT_EQ(dealt.items[row], item_of(examples[i]));
    for (std::size_t word = 0; word < 3; ++word)
      EXPECT_EQ(dealt.features.words[3 * row + word], query_words(examples[i])[word]);
    EXPECT_EQ(task.labels[i], plain.column_of(item_of(examples[i])));
    EXPECT_EQ(task.weights.empty() ? weight_of(examples[i]) : task.weights[i], weight_of(examples[i]));
    EXPECT_EQ(task.users.empty() ? user_of(examples[i]) : task.users[i], user_of(examples[i]));
  }
}

std::vector<std::int64_t> within(const std::set<std::int64_t>& rows, exchange::RowRange block) {
  return {rows.lower_bound(block.first), rows.lower_bound(block.last)};
}

void expect_requests(const PreparedBatch& batch, const PlainBatch& plain, const Setting& setting) {
  const exchange::RowRequest& request = batch.request();
  for (std::size_t table = 0; table < request.tables().size(); ++table) {
    const exchange::RowTable& shape = request.tables()[table];
    std::set<std::int64_t> needed;
    for (int asker = 0; asker < setting.world.size(); ++asker) {
      const int first = lanes * asker / setting.world.size();
      const int last = lanes * (asker + 1) / setting.world.size();
      const auto subtrees = setting.layout.tree.subtrees({first, last});
      for (std::size_t part = 0; part < subtrees.size(); ++part) {
        const auto rows = plain.rows_of(subtrees[part].first, subtrees[part].last, table);
        if (!shape.is_sharded()) {
          if (asker == setting.world.rank()) needed.insert(rows.begin(), rows.end());
          continue;
        }
        const auto asked = within(rows, shape.blocks.block(setting.world.rank()));
        EXPECT_TRUE(std::ranges::equal(request.asked_by(asker, part, table), asked)) << table;
        needed.insert(asked.begin(), asked.end());
        if (asker != setting.world.rank()) continue;
        EXPECT_TRUE(std::ranges::equal(request.wanted(part, table), rows)) << table;
      }
    }
    std::vector<std::int64_t> prepared;
    batch.append_needed_rows(table, prepared);
    EXPECT_EQ(std::set(prepared.begin(), prepared.end()), needed) << table;
  }
}

void expect_batch(const PreparedBatch& batch, const PlainBatch& plain, const Setting& setting) {
  EXPECT_TRUE(std::ranges::equal(batch.candidates().rows(), plain.columns()));
  EXPECT_TRUE(std::ranges::equal(batch.candidates().multiplicities(), plain.multiplicities()));
  EXPECT_EQ(batch.weight(), plain.weight());
  ASSERT_EQ(std::ssize(batch.lanes()), setting.layout.lanes.size());
  for (std::size_t lane = 0; lane < batch.lanes().size(); ++lane) expect_lane(batch, lane, plain, setting);
  expect_requests(batch, plain, setting);
}

TEST(PreparedBatchTest, HasWhatEachLaneWorksOn) {
  for (const Case& of : cases()) {
    Setting setting(of);
    PreparedBatch batch(setting.layout, setting.world, setting.deal, setting.rows, setting.model,
                        setting.negatives);
    EXPECT_EQ(batch.number(), -1);
    for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
      setting.deal.deal(epoch);
      for (std::int64_t number = 0; number < setting.deal.batches(); ++number) {
        prepare(batch, number, setting);
        EXPECT_EQ(batch.number(), number);
        expect_batch(batch, PlainBatch(of, epoch, number), setting);
      }
    }
  }
}

/// A batch stays as it is while the next one is prepared.
TEST(PreparedBatchTest, DoesNotMindTheNextOne) {
  const Case of = {.loss = {.extra_negatives = 70}, .has_weights = true, .sharded = all_tables};
  Setting setting(of);
  setting.deal.deal(0);
  PreparedBatch batch(setting.layout, setting.world, setting.deal, setting.rows, setting.model,
                      setting.negatives);
  PreparedBatch next(setting.layout, setting.world, setting.deal, setting.rows, setting.model,
                     setting.negatives);
  prepare(batch, 1, setting);
  prepare(next, 2, setting);
  expect_batch(batch, PlainBatch(of, 0, 1), setting);
  expect_batch(next, PlainBatch(of, 0, 2), setting);
}

/// What the test rests on: lanes that embed several granules and lanes that embed none, items that a batch has twice, and rows of
/// one lane that several ranks own.
TEST(PreparedBatchTest, TheBatchesOfTheTestAreOfAllKinds) {
  const PlainBatch plain({}, 0, 0);
  EXPECT_GT(plain.columns().size(), 32U * 3);
  EXPECT_LT(plain.columns().size(), 32U * lanes);
  EXPECT_TRUE(plain.columns_of(0).empty());
  EXPECT_GT(PlainBatch({.loss = {.negatives = NegativeSource::catalogue}}, 0, 0).columns_of(7).size(), 32U);
  EXPECT_GT(std::ranges::max(plain.multiplicities()), 1);
  EXPECT_EQ(plain.columns().back(), -1);
}

}  // namespace
}  // namespace gemel::step
