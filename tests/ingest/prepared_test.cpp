#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/overlap.hpp"
#include "ingest/pair_columns.hpp"
#include "ingest/prepared_reader.hpp"
#include "ingest/prepared_writer.hpp"
#include "ingest/row_bitmap.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/synthetic.hpp"
#include "ingest/training_data.hpp"
#include "mpi/agreement.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// What all ranks have of columns, each value as a text.
using Whole = std::map<std::string, std::vector<std::string>>;

Whole gather(const Columns& columns, mpi::Communicator& communicator) {
  std::map<std::string, StringColumn> own;
  for (const auto& [name, texts] : columns.strings) own["text " + name] = texts.rows();
  for (const auto& [name, numbers] : columns.numbers)
    for (const std::int64_t number : numbers) own["number " + name].push_back(std::to_string(number));
  for (const auto& [name, decimals] : columns.decimals)
    for (const double decimal : decimals) own["decimal " + name].push_back(std::to_string(decimal));
  Whole whole;
  for (const auto& [name, texts] : own) whole[name] = all_gather_strings(texts, communicator).texts();
  return whole;
}

template <class T>
std::vector<T> gather(const std::vector<T>& own, mpi::Communicator& communicator) {
  return communicator.all_gather_varying(std::span<const T>(own));
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class PreparedTest : public testing::Test {
 protected:
  /// Of data that does not come split, all of it.
  void expect_same(const Dataset& one, mpi::Communicator& of_one, const Dataset& other,
                   mpi::Communicator& of_other) {
    EXPECT_EQ(one.name, other.name);
    EXPECT_EQ(one.total, other.total);
    EXPECT_EQ(one.content_hash, other.content_hash);
    EXPECT_EQ(one.weight_column, other.weight_column);
    EXPECT_EQ(one.users_come_back, other.users_come_back);
    EXPECT_EQ(one.interactions.own_names, other.interactions.own_names);
    EXPECT_EQ(one.catalogue_total, other.catalogue_total);
    EXPECT_EQ(gather(one.interactions, of_one), gather(other.interactions, of_other));
    EXPECT_EQ(gather(one.catalogue, of_one), gather(other.catalogue, of_other));
    EXPECT_EQ(gather(one.item_rows, of_one), gather(other.item_rows, of_other));
  }

  /// Files with columns of each kind, and names of their own.
  GivenFiles shop() {
    std::string ratings = "when,uid,sku,device,stars,a/b%c\n";
    for (int i = 0; i < 500; ++i) {
      ratings += std::to_string(1'000'000 + i * 7 % 501) + "," + std::to_string(i % 37) + ",s" +
                 std::to_string(i * i % 29) + "," +
                 (i % 3 == 0   ? ""
                  : i % 2 == 0 ? "tv"
                               : "phone") +
                 "," + std::to_string(i % 5) + ".5," + std::to_string(i % 11) + "\n";
    }
    std::string items = "sku,name,cost,to_rest\n";
    for (int i = 0; i < 29; ++i)
      items += "s" + std::to_string(i) + ",Thing " + std::to_string(i % 7) + "," + std::to_string(i) +
               ".25," + (i == 3 ? std::string(2000, 'x') : "y") + "\n";
    std::string users = "uid,age,town\n";
    for (int i = 0; i < 37; ++i)
      users += std::to_string(i) + "," + std::to_string(20 + i) + ",t" + std::to_string(i % 4) + "\n";
    GivenFiles files;
    files.ratings = {directory_.write("ratings.csv", ratings).string()};
    files.items = directory_.write("items.csv", items).string();
    files.users = directory_.write("users.csv", users).string();
    files.columns = parse_columns("user=uid,item=sku,time=when,weight=stars");
    return files;
  }

  fs::path prepare(const Dataset& dataset, mpi::Communicator& communicator,
                   const std::string& name = "x.h5") {
    write_prepared(directory_ / name, dataset, "test", /*replace=*/true, communicator);
    communicator.barrier();
    return directory_ / name;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{world_};
};

TEST_F(PreparedTest, ComesBackAsItWas) {
  const DataOptions options = {.directory = {}, .files = shop()};
  const Dataset written = read_dataset(options, {.all = true}, world_);
  const fs::path path = prepare(written, world_);
  const Dataset here = read_dataset({.directory = path.string()}, {.all = true}, world_);
  expect_same(here, world_, written, world_);
  expect_same(here, world_, read_dataset({.directory = path.string()}, {.all = true}, self_), self_);
  EXPECT_TRUE(here.interactions.strings.contains("device"));
  EXPECT_TRUE(here.interactions.numbers.contains("a/b%c"));
  EXPECT_TRUE(here.interactions.numbers.contains("age"));
  EXPECT_TRUE(here.catalogue.decimals.contains("cost"));
  EXPECT_TRUE(here.catalogue.strings.contains("to_rest")) << "with a long text, whose rest is no column";
  EXPECT_EQ(here.catalogue.strings.size(), 3U);
  EXPECT_EQ(here.interactions.name_here("uid"), "user_id");
}

TEST_F(PreparedTest, IsTheSameFileOnAnyNumberOfRanks) {
  const DataOptions options = {.directory = {}, .files = shop()};
  const fs::path together = prepare(read_dataset(options, {.all = true}, world_), world_);
  if (world_.is_root()) {
    const fs::path alone = prepare(read_dataset(options, {.all = true}, self_), self_, "alone.h5");
    EXPECT_EQ(bytes_of(together), bytes_of(alone));
  }
}

TEST_F(PreparedTest, ColumnsThatNobodyWantsAreNotReadAndLeaveNoTrace) {
  const DataOptions options = {.directory = {}, .files = shop()};
  const fs::path path = prepare(read_dataset(options, {.all = true}, world_), world_);
  for (const WantedColumns& wanted : {WantedColumns{}, WantedColumns{.names = {"device", "age"}}}) {
    const Dataset read = read_dataset({.directory = path.string()}, wanted, world_);
    Dataset of_text = read_dataset(options, wanted, world_);
    of_text.interactions.decimals.erase("rating");  // which text is always read with
    expect_same(read, world_, of_text, world_);
    EXPECT_EQ(read.interactions.has("town"), false);
    EXPECT_EQ(read.interactions.has("age"), wanted.has("age"));
    EXPECT_THAT(read.interactions.unread, testing::IsSupersetOf({"rating", "town"}));
  }
}

TEST_F(PreparedTest, RatingsAreReadWhereSomethingWantsThemByEitherName) {
  const DataOptions options = {.directory = {}, .files = shop()};
  const fs::path path = prepare(read_dataset(options, {.all = true}, world_), world_);
  const Dataset of_text = read_dataset(options, {}, world_);
  for (const std::string name : {"rating", "stars"})
    expect_same(read_dataset({.directory = path.string()}, {.names = {name}}, world_), world_, of_text,
                world_);
}

TEST_F(PreparedTest, DataThatComesSplitKeepsItsParts) {
  GivenFiles files;
  files.train = directory_.write("train.txt", "a 1 2 3\nb 2 4\nc 1 5 6 7\n").string();
  files.test = directory_.write("test.txt", "b 5\na 4 7\n").string();
  files.format = FileFormat::lists;
  const Dataset written = read_dataset({.directory = {}, .files = files}, {}, world_);
  const Dataset read = read_dataset({.directory = prepare(written, world_).string()}, {}, world_);
  const Dataset alone = read_dataset({.directory = {}, .files = files}, {}, self_);
  EXPECT_TRUE(read.comes_split);
  EXPECT_EQ(read.total, alone.total);
  for (const Part part : {Part::train, Part::test}) {
    const auto pairs_of = [&](const Dataset& dataset, mpi::Communicator& communicator) {
      StringColumn pairs;
      for (std::size_t own = 0; own < dataset.item_rows.size(); ++own) {
        if (dataset.parts[own] != part) continue;
        pairs.push_back(std::string(dataset.interactions.strings.at("user_id")[own]) + " " +
                        std::to_string(dataset.item_rows[own]));
      }
      return all_gather_strings(pairs, communicator).texts();
    };
    EXPECT_EQ(pairs_of(read, world_), pairs_of(alone, self_));
  }
  const std::int64_t of_train = std::ranges::count(read.parts, Part::train);
  EXPECT_EQ(read.first, world_.sum_before(of_train));
}

/// What training begins with.
struct Prepared {
  TrainingOptions options;
  TrainingData data;
};

Prepared prepare_for_training(TrainingOptions options, mpi::Communicator& communicator) {
  options.model.adapt_query_features = options.model.adapt_candidate_features = true;
  Dataset dataset = read_data(options, communicator);
  TrainingData data = prepare_data(options, std::move(dataset), communicator);
  return {std::move(options), std::move(data)};
}

class PreparedSplitTest : public PreparedTest {
 protected:
  /// Prepares it as trainer prepare does.
  fs::path prepare_split(TrainingOptions options) {
    Dataset dataset = read_data(options, world_, {.all = true});
    const Split split = split_interactions(dataset, options.data, world_);
    store_split(SplitSettings::of(options.data), split, dataset, world_);
    return prepare(dataset, world_);
  }

  void expect_same_training(const Prepared& one, const Prepared& other) {
    EXPECT_EQ(one.data.identity.content_hash, other.data.identity.content_hash);
    EXPECT_EQ(one.data.identity.split, other.data.identity.split);
    EXPECT_EQ(one.data.identity.trained.interactions, other.data.identity.trained.interactions);
    EXPECT_EQ(gather(one.data.train.items, world_), gather(other.data.train.items, world_));
    EXPECT_EQ(gather(one.data.train.features.words, world_), gather(other.data.train.features.words, world_));
    EXPECT_EQ(gather(one.data.test.features.words, world_), gather(other.data.test.features.words, world_));
    EXPECT_EQ(gather(one.data.validation.items, world_), gather(other.data.validation.items, world_));
    EXPECT_EQ(one.data.catalogue.words, other.data.catalogue.words);
    EXPECT_EQ(one.data.item_counts, other.data.item_counts);
  }
};

TEST_F(PreparedSplitTest, TrainsAsTheTextDoes) {
  for (const SplitKind kind :
       {SplitKind::random, SplitKind::time, SplitKind::leave_last_out, SplitKind::k_fold}) {
    TrainingOptions options;
    options.data.synthetic = {.users = 100, .items = 80, .interactions = 2000, .seed = 3};
    options.data.split = kind;
    options.data.is_split_settled = true;
    options.data.validation_fraction = kind == SplitKind::random ? 0.1 : 0;
    TrainingOptions of_file;
    of_file.data.directory = prepare_split(options).string();
    const Prepared prepared = prepare_for_training(of_file, world_);
    expect_same_training(prepared, prepare_for_training(options, world_));
    EXPECT_EQ(prepared.options.data.split, kind) << "it is that of the file";
    EXPECT_EQ(prepared.options.data.validation_fraction, options.data.validation_fraction);
  }
}

TEST_F(PreparedSplitTest, AnotherSplitMayBeChosen) {
  TrainingOptions options;
  options.data.synthetic = {.users = 100, .items = 80, .interactions = 2000, .seed = 3};
  TrainingOptions of_file;
  of_file.data.directory = prepare_split(options).string();
  of_file.data.takes_stored_split = false;
  options.data.split = of_file.data.split = SplitKind::leave_last_out;
  options.data.is_split_settled = of_file.data.is_split_settled = true;
  expect_same_training(prepare_for_training(of_file, world_), prepare_for_training(options, world_));
}

TEST_F(PreparedSplitTest, AFilterTakesTheStoredSplitAway) {
  TrainingOptions options;
  options.data.synthetic = {.users = 100, .items = 80, .interactions = 2000, .seed = 3};
  TrainingOptions of_file;
  of_file.data.directory = prepare_split(options).string();
  options.data.filters.k_core = of_file.data.filters.k_core = {.user = 20, .item = 5};
  const Prepared prepared = prepare_for_training(of_file, world_);
  expect_same_training(prepared, prepare_for_training(options, world_));
  EXPECT_LT(prepared.data.identity.interactions, 2000);
}

TEST_F(PreparedSplitTest, AFlippedBitOfAnyColumnIsRefused) {
  TrainingOptions options;
  options.data.synthetic = {.users = 100, .items = 80, .interactions = 2000, .seed = 3};
  const fs::path path = prepare_split(options);
  const std::string sound = bytes_of(path);
  const Dataset dataset = read_dataset({.directory = path.string()}, {}, world_);
  const auto expect_refused = [&](const auto& own, const std::string& dataset_path) {
    const auto all = gather(own, world_);
    std::string content = sound;
    const std::size_t start = content.find(
        std::string(reinterpret_cast<const char*>(all.data()), std::as_bytes(std::span(all)).size()));
    ASSERT_NE(start, std::string::npos) << dataset_path;
    content[start + std::as_bytes(std::span(all)).size() / 2] ^= 4;
    const fs::path changed = directory_.write("changed.h5", content);
    const Failure failure = failure_of([&] { read_dataset({.directory = changed.string()}, {}, world_); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    EXPECT_THAT(failure.message, HasSubstr(dataset_path + " is damaged: rows 0 to"));
  };
  expect_refused(dataset.interactions.numbers.at("timestamp"), "/interactions/all/column/timestamp");
  expect_refused(dataset.item_rows, "/interactions/all/item");
  expect_refused(dataset.stored_split->parts, "/interactions/all/part");
  const std::vector<std::uint64_t> trained =
      world_.is_root() ? dataset.stored_split->trained.pairs : std::vector<std::uint64_t>();
  expect_refused(trained, "/split/trained_pairs");
}

TEST_F(PreparedSplitTest, KeepsWhatTheTestHasInCommonWithTraining) {
  TrainingOptions options;
  options.data.synthetic = {.users = 100, .items = 80, .interactions = 2000, .seed = 3};
  Dataset dataset = read_dataset({.directory = prepare_split(options).string()}, {}, world_);
  const Split split = split_interactions(dataset, options.data, world_);
  EXPECT_TRUE(split.is_stored);
  EXPECT_EQ(dataset.stored_split->overlaps.at(Part::test),
            compare_with_training(dataset, split, Part::test, world_));
}

/// Files with right checksums and wrong content.
class ForgedTest : public PreparedTest {
 protected:
  void forge(const std::function<void(checkpoint::CheckpointWriter&)>& write) {
    std::filesystem::remove(directory_ / "forged.h5");
    world_.barrier();
    checkpoint::CheckpointWriter writer(directory_ / "forged.h5", world_, prepared_kind());
    writer.attribute("/", "made_by", "test");
    writer.attribute("/data", "name", "forged");
    writer.attribute("/data", "interactions", std::int64_t{3});
    writer.attribute("/data", "content_hash", std::uint64_t{1});
    writer.attribute("/data", "weight_column", "");
    writer.attribute("/data", "comes_split", std::int64_t{0});
    writer.attribute("/data", "users_come_back", std::int64_t{0});
    writer.attribute("/data", "own_names", "{}");
    writer.attribute("/data", "own_names_of_items", "{}");
    write(writer);
    writer.commit();
  }
  void rows(checkpoint::CheckpointWriter& writer, const std::string& path,
            const std::vector<std::int32_t>& values) {
    const std::span<const std::int32_t> own =
        world_.is_root() ? std::span(values) : std::span<const std::int32_t>();
    writer.write_rows(path, values.size(), world_.is_root() ? 0 : values.size(), own);
  }
  Failure refusal() {
    return failure_of([&] { read_dataset({.directory = (directory_ / "forged.h5").string()}, {}, world_); });
  }

  const std::vector<std::string> ids_ = {"b", "a"};  // by their hashes
};

TEST_F(ForgedTest, RowsThatAreNotThereAreRefused) {
  const auto write = [&](const std::vector<std::int32_t>& users, const std::vector<std::int32_t>& items) {
    forge([&](checkpoint::CheckpointWriter& writer) {
      rows(writer, "/interactions/all/column/user_id", users);
      rows(writer, "/interactions/all/item", items);
      writer.write("/vocabulary/user_id/text", std::span<const std::string>(ids_));
      writer.write("/items/column/item_id", std::span<const std::string>(ids_));
    });
  };
  write({0, 1, 1}, {1, 0, 1});
  EXPECT_EQ(read_dataset({.directory = (directory_ / "forged.h5").string()}, {}, world_).total, 3);
  write({0, 2, 1}, {1, 0, 1});
  EXPECT_EQ(refusal().code, base::ExitCode::data);
  EXPECT_THAT(refusal().message,
              HasSubstr("column user_id of an interaction is row 2 of 2. Prepare the data again"));
  write({0, -1, 1}, {1, 0, 1});
  EXPECT_THAT(refusal().message, HasSubstr("row -1 of 2"));
  write({0, 1, 1}, {1, 7, 1});
  EXPECT_THAT(refusal().message, HasSubstr("item of an interaction is row 7 of 2"));
  write({0, 1}, {1, 0, 1});
  EXPECT_THAT(refusal().message, HasSubstr("/interactions/all/column/user_id has not 3 rows"));
  write({0, 1}, {1, 0});
  EXPECT_THAT(refusal().message, HasSubstr("/interactions has 2 rows, not 3"));
}

TEST_F(ForgedTest, WhatIsMissingIsNamed) {
  forge([&](checkpoint::CheckpointWriter& writer) { rows(writer, "/interactions/all/item", {0, 0, 0}); });
  EXPECT_THAT(refusal().message, HasSubstr("/interactions has no column user_id of text"));
  forge([&](checkpoint::CheckpointWriter& writer) {
    rows(writer, "/interactions/all/column/user_id", {0, 1, 1});
    rows(writer, "/interactions/all/item", {0, 0, 0});
    const std::vector<std::string> twice = {"a", "a"};
    writer.write("/vocabulary/user_id/text", std::span<const std::string>(twice));
    writer.write("/items/column/item_id", std::span<const std::string>(ids_));
  });
  EXPECT_THAT(refusal().message,
              HasSubstr("the vocabulary of column user_id has a text twice, or not in order"));
}

TEST_F(PreparedTest, OtherFilesAndDamagedOnesAreRefused) {
  const Dataset dataset = synthesize({.users = 20, .items = 10, .interactions = 300, .seed = 1}, world_);
  const std::string sound = bytes_of(prepare(dataset, world_));
  const std::string title =
      all_gather_strings(dataset.catalogue.strings.at("title").rows(), world_).texts().front();
  const auto refusal = [&](const std::string& content) {
    const fs::path changed = directory_.write("changed.h5", content);
    return failure_of([&] { read_dataset({.directory = changed.string()}, {}, world_); });
  };
  std::string changed_title = sound;
  ++changed_title.at(sound.find(title));
  EXPECT_EQ(refusal(changed_title).code, base::ExitCode::data);
  EXPECT_THAT(
      refusal(changed_title).message,
      HasSubstr(
          "/items/column/title is damaged: rows 0 to 9 do not have their checksum. Prepare the data again"));
  EXPECT_EQ(refusal(sound.substr(0, sound.size() / 2)).code, base::ExitCode::data);
  EXPECT_EQ(refusal("user_id,item_id\n1,2\n").code, base::ExitCode::data);
  EXPECT_THAT(refusal("user_id,item_id\n1,2\n").message,
              HasSubstr("name a file of interactions with --ratings"));
  {
    checkpoint::CheckpointWriter writer(directory_ / "checkpoint.h5", world_);
    writer.commit();
  }
  const Failure of_checkpoint =
      failure_of([&] { read_dataset({.directory = (directory_ / "checkpoint.h5").string()}, {}, world_); });
  EXPECT_EQ(of_checkpoint.code, base::ExitCode::data);
  EXPECT_THAT(of_checkpoint.message, HasSubstr("not a prepared data of this program"));
}

TEST_F(PreparedTest, ADirectoryMayHaveTheFile) {
  fs::create_directories(directory_ / "d");
  prepare(synthesize({.users = 20, .items = 10, .interactions = 300, .seed = 1}, world_), world_,
          "d/data.h5");
  EXPECT_EQ(read_dataset({.directory = (directory_ / "d").string()}, {}, world_).total, 300);
}

TEST(RowBitmap, NumbersItsMembersInOrder) {
  RowBitmap bitmap(1000);
  for (const std::size_t row : {999, 0, 63, 64, 65, 640, 64}) bitmap.add(row);
  bitmap.settle();
  EXPECT_THAT(bitmap.rows(), ElementsAre(0, 63, 64, 65, 640, 999));
  EXPECT_EQ(bitmap.number(0), 0U);
  EXPECT_EQ(bitmap.number(65), 3U);
  EXPECT_EQ(bitmap.number(999), 5U);
  RowBitmap none(0);
  none.settle();
  EXPECT_THAT(none.rows(), ElementsAre());
}

}  // namespace
}  // namespace gemel::ingest
