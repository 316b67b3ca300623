#include "serving/checkpoint_difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/data_identity_file.hpp"
#include "serving/dataset_scan.hpp"
#include "support/any_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::serving {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// What a checkpoint has beside its datasets.
struct Header {
  std::int64_t epoch = 1;
  std::string config = R"({"layers": [64, 32], "seed": 42})";
};

class CheckpointDifferenceTest : public testing::Test {
 protected:
  /// Writes a checkpoint of one column of floats, with others in `more`.
  template <class More>
  void write(const char* name, const Header& header, const std::vector<float>& values, const More& more) {
    checkpoint::CheckpointWriter writer(directory_ / name, world_);
    for (const char* number : {"epoch", "step", "step_in_epoch"}) writer.attribute("/", number, header.epoch);
    writer.attribute("/", "config", header.config);
    ingest::write_data_identity(writer, {});
    writer.write("/values", std::span<const float>(values));
    more(writer);
    writer.commit();
  }
  void write(const char* name, const Header& header, const std::vector<float>& values) {
    write(name, header, values, [](checkpoint::CheckpointWriter&) {});
  }

  CheckpointDifference compare_files(const char* a, const char* b) {
    checkpoint::CheckpointReader reader_a(directory_ / a, world_, any_file());
    checkpoint::CheckpointReader reader_b(directory_ / b, world_, any_file());
    CheckpointDifference difference = compare(reader_a, reader_b);
    return difference;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(CheckpointDifferenceTest, EqualOnesAreEqual) {
  write("a.h5", {}, {1, nan, 3});
  write("b.h5", {}, {1, nan, 3});
  const CheckpointDifference difference = compare_files("a.h5", "b.h5");
  EXPECT_TRUE(difference.is_equal());
  EXPECT_EQ(difference.compared, 3);  // the values, and two datasets of the data's identity
}

TEST_F(CheckpointDifferenceTest, NamesSettingsAndProgress) {
  write("a.h5", {}, {1});
  write("b.h5", {.epoch = 2, .config = R"({"layers": [64], "optimizer": "sgd", "seed": 42})"}, {1});
  const CheckpointDifference difference = compare_files("a.h5", "b.h5");
  ASSERT_THAT(difference.settings, SizeIs(2));
  EXPECT_EQ(difference.settings[0].name, "layers");
  EXPECT_EQ(difference.settings[0].b, "64");
  EXPECT_EQ(difference.settings[1].name, "optimizer");
  EXPECT_EQ(difference.settings[1].a, "");
  EXPECT_EQ(difference.settings[1].b, "sgd");
  ASSERT_THAT(difference.progress, SizeIs(3));
  EXPECT_EQ(difference.progress[0].name, "epoch");
  EXPECT_EQ(difference.progress[0].a, "1");
  EXPECT_EQ(difference.progress[0].b, "2");
  EXPECT_THAT(difference.datasets, IsEmpty());
}

/// More than a chunk for each of eight ranks.
TEST_F(CheckpointDifferenceTest, MeasuresHowFarNumbersAreApart) {
  std::vector<float> a(20'000'000);
  std::iota(a.begin(), a.end(), 1.0F);
  std::vector<float> b = a;
  b.front() += 3;
  b[12'345'678] -= 4;
  b.back() = nan;
  double squares = 0;
  for (const float value : a) squares += static_cast<double>(value) * static_cast<double>(value);
  write("a.h5", {}, a);
  write("b.h5", {}, b);
  const CheckpointDifference difference = compare_files("a.h5", "b.h5");
  ASSERT_THAT(difference.datasets, SizeIs(1));
  const DatasetDifference& values = difference.datasets.front();
  EXPECT_EQ(values.path, "/values");
  EXPECT_EQ(values.differing, 3);
  EXPECT_EQ(values.largest, 4);
  EXPECT_NEAR(values.relative, 5 / std::sqrt(squares), 1e-12);
}

TEST_F(CheckpointDifferenceTest, TellsWhatCannotBeComparedFirst) {
  write("a.h5", {}, {1, 2}, [](checkpoint::CheckpointWriter& writer) {
    writer.write("/only_in_a", std::span<const double>(std::vector<double>{1}));
    writer.write("/shape", std::span<const double>(std::vector<double>{1}));
  });
  write("b.h5", {}, {1, 3}, [](checkpoint::CheckpointWriter& writer) {
    writer.write("/shape", std::span<const double>(std::vector<double>{1, 2}));
  });
  const CheckpointDifference difference = compare_files("a.h5", "b.h5");
  ASSERT_THAT(difference.datasets, SizeIs(3));
  EXPECT_EQ(difference.datasets[0].path, "/only_in_a");
  EXPECT_EQ(difference.datasets[0].b, "");
  EXPECT_EQ(difference.datasets[1].path, "/shape");
  EXPECT_EQ(difference.datasets[1].a, "float64 [1]");
  EXPECT_EQ(difference.datasets[1].b, "float64 [2]");
  EXPECT_FALSE(difference.datasets[1].differing);
  EXPECT_EQ(difference.datasets[2].path, "/values");
  EXPECT_EQ(difference.datasets[2].differing, 1);
}

TEST_F(CheckpointDifferenceTest, ChunksCoverEveryRowOnce) {
  for (const std::size_t rows : {0, 1, 7, 100}) {
    const checkpoint::DatasetInfo dataset{
        "/x", hdf5::Element::text, {rows, {}}, 1'000'000};  // four rows a chunk
    std::vector<std::int64_t> seen(rows);
    std::int64_t calls = 0;
    for_each_chunk(dataset, world_, [&](const RowChunk& chunk) {
      ++calls;
      EXPECT_LE(chunk.count, 4U);
      for (std::size_t row = chunk.first; row < chunk.first + chunk.count; ++row) ++seen[row];
    });
    EXPECT_EQ(world_.max(calls), world_.min(calls));
    world_.sum(std::span(seen));
    EXPECT_THAT(seen, testing::Each(1));
  }
}

}  // namespace
}  // namespace gemel::serving
