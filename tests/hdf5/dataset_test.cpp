#include "hdf5/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "hdf5/error.hpp"
#include "mpi/agreement.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::hdf5 {
namespace {

using testing::HasSubstr;

class DatasetTest : public testing::Test {
 protected:
  // Rows of `total` that this rank owns: contiguous, uneven (rank r has weight r), so that rank 0 of several
  // owns none.
  std::pair<std::size_t, std::size_t> my_rows(std::size_t total) const {
    if (world_.size() == 1) return {0, total};
    const auto rank = static_cast<std::size_t>(world_.rank());
    const auto size = static_cast<std::size_t>(world_.size());
    const std::size_t weights = size * (size - 1) / 2;
    const std::size_t first = total * (rank * (rank - (rank > 0)) / 2) / weights;
    const std::size_t end = total * ((rank + 1) * rank / 2) / weights;
    return {first, end - first};
  }

  // Element i of a dataset is i + 0.25 (or its integer part): every value tells its place.
  template <class T>
  static std::vector<T> values(std::size_t first, std::size_t count) {
    std::vector<T> result(count);
    for (std::size_t i = 0; i < count; ++i) result[i] = static_cast<T>(static_cast<double>(first + i) + 0.25);
    return result;
  }

  template <class T>
  void expect_round_trip(const Shape& shape, std::size_t largest_transfer) {
    const std::size_t cols = shape.values_per_row();
    const auto [first, count] = my_rows(shape.rows);
    auto file = File::create(path_, world_);
    {
      auto dataset = Dataset::create(file, "/a/b/values", element_of<T>, shape);
      dataset.set_largest_transfer(largest_transfer);
      const auto mine = values<T>(first * cols, count * cols);
      dataset.write_rows(first, std::span<const T>(mine));
    }
    file.close();

    auto again = File::open_read(path_, world_);
    {
      auto dataset = Dataset::open(again, "/a/b/values");
      dataset.set_largest_transfer(largest_transfer);
      EXPECT_EQ(dataset.shape(), shape);
      EXPECT_EQ(dataset.element(), element_of<T>);
      std::vector<T> all(shape.rows * cols);
      dataset.read_rows(0, shape.rows, std::span(all));
      EXPECT_EQ(all, values<T>(0, shape.rows * cols));
      std::vector<T> mine(count * cols);
      dataset.read_rows(first, count, std::span(mine));
      EXPECT_EQ(mine, values<T>(first * cols, count * cols));
    }
    again.close();
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "file.h5";
};

TEST_F(DatasetTest, GivesBackEveryKindOfNumber) {
  const std::size_t gigabyte = std::size_t{1} << 30;
  expect_round_trip<float>({37, 5}, gigabyte);
  expect_round_trip<float>({37, {}}, gigabyte);
  expect_round_trip<double>({37, {}}, gigabyte);
  expect_round_trip<std::int32_t>({37, 2}, gigabyte);
  expect_round_trip<std::int64_t>({37, {}}, gigabyte);
  expect_round_trip<std::uint64_t>({37, {}}, gigabyte);
}

TEST_F(DatasetTest, MovesLargeSlabsInPieces) {
  expect_round_trip<float>({37, 5}, 3 * 5 * sizeof(float));  // three rows at a time
  expect_round_trip<float>({37, 5}, 1);                      // a row is the least
  expect_round_trip<double>({1, 4}, 8);                      // only the last rank has anything
}

TEST_F(DatasetTest, MayBeEmpty) {
  expect_round_trip<float>({0, 5}, 100);
  expect_round_trip<std::int64_t>({0, {}}, 100);
}

TEST_F(DatasetTest, GivesBackStrings) {
  const std::vector<std::string> titles = {"Shall We Dance? (1996)", "", "Les Misérables", "七人の侍", "x"};
  const auto [first, count] = my_rows(titles.size());
  auto file = File::create(path_, world_);
  {
    EXPECT_EQ(longest_text(titles), 22U);
    auto dataset = Dataset::create_text(file, "/titles", titles.size(), longest_text(titles));
    dataset.write_rows(first, std::span(titles).subspan(first, count));
  }
  file.close();
  auto again = File::open_read(path_, world_);
  {
    const auto dataset = Dataset::open(again, "/titles");
    EXPECT_EQ(dataset.value_bytes(), 22U);
    std::vector<std::string> all(titles.size());
    dataset.read_rows(0, all.size(), std::span(all));
    EXPECT_EQ(all, titles);
  }
  again.close();
}

TEST_F(DatasetTest, OtherToolsReadTheNumbersAndTheStrings) {
  auto file = File::create(path_, world_);
  {
    const std::size_t first = world_.is_root() ? 0 : 2;
    const std::size_t count = world_.is_root() ? 2 : 0;
    auto numbers = Dataset::create(file, "/group/numbers", Element::float32, {2, 3});
    const auto mine = values<float>(0, count * 3);
    numbers.write_rows(first, std::span<const float>(mine));
    const std::vector<std::string> words = {"Amélie", "Z"};
    auto text = Dataset::create_text(file, "/group/words", 2, 8);
    text.write_rows(first, std::span(words).first(count));
  }
  file.close();
  if (!world_.is_root()) return;
  const auto numbers = run_command("h5dump -d /group/numbers " + path_.string());
  EXPECT_EQ(numbers.status, 0);
  EXPECT_THAT(numbers.output, HasSubstr("H5T_IEEE_F32LE"));
  EXPECT_THAT(numbers.output, HasSubstr("(0,0): 0.25, 1.25, 2.25"));
  EXPECT_THAT(numbers.output, HasSubstr("(1,0): 3.25, 4.25, 5.25"));
  const auto words = run_command("h5dump -d /group/words " + path_.string());
  EXPECT_THAT(words.output, HasSubstr("H5T_CSET_UTF8"));
  EXPECT_THAT(words.output, HasSubstr("H5T_STR_NULLPAD"));
  EXPECT_THAT(words.output, HasSubstr("\"Z\\000"));
}

TEST_F(DatasetTest, AFailureOnOneRankLeavesTheOthersWhole) {
  auto file = File::create(path_, world_);
  {
    auto dataset = Dataset::create(file, "/values", Element::float32, {10, {}});
    dataset.set_largest_transfer(2 * sizeof(float));
    const bool is_last = world_.rank() == world_.size() - 1;
    const auto mine = values<float>(0, 10);
    const auto write = [&] { dataset.write_rows(is_last ? 1 : 0, std::span<const float>(mine)); };
    if (is_last) {
      EXPECT_THROW(write(), Hdf5Error);
    } else {
      EXPECT_NO_THROW(write());
    }
    std::vector<double> wrong_kind(10);
    EXPECT_THROW(dataset.read_rows(0, 10, std::span(wrong_kind)), Hdf5Error);
    const std::vector<std::string> too_long = {"four"};
    auto text = Dataset::create_text(file, "/text", 1, 3);
    EXPECT_THROW(text.write_rows(0, too_long), Hdf5Error);
  }
  file.close();
}

TEST_F(DatasetTest, ErrorsCarryTheReasonThatHdf5Gives) {
  auto file = File::create(path_, world_);
  try {
    Dataset::open(file, "/absent");
    ADD_FAILURE() << "no exception";
  } catch (const Hdf5Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("H5Dopen2(/absent)"));
    EXPECT_THAT(error.what(), HasSubstr("object 'absent' doesn't exist"));
  }
  file.close();
}

}  // namespace
}  // namespace gemel::hdf5
