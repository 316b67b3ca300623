#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/checkpoint_writer.hpp"
#include "checkpoint/row_cut.hpp"
#include "mpi/agreement.hpp"
#include "support/any_file.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::checkpoint {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

template <class T>
std::vector<T> numbers(std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(7 * i + 3);
  return values;
}

tensor::Matrix matrix(std::size_t rows, std::size_t cols) {
  tensor::Matrix values(rows, cols);
  for (std::size_t i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i) * 0.5F;
  return values;
}

// Datasets of several blocks with a shorter last one, of a single block, of rows that each exceed a block, of
// fewer rows than ranks, and of none.
struct Content {
  tensor::Matrix weights = matrix(4 * 8192 + 100, 32);
  tensor::Matrix wide = matrix(5, 300'000);
  tensor::Matrix small = matrix(3, 2);
  std::vector<float> floats = numbers<float>(2 * 262144 + 1);
  std::vector<double> doubles = numbers<double>(1000);
  std::vector<std::int64_t> integers = numbers<std::int64_t>(2 * 131072);
  std::vector<std::uint64_t> hashes = numbers<std::uint64_t>(131072 + 7);
  std::vector<std::string> words;  // two blocks and a part of 1 MiB / 300 bytes; the longest is the last one
  std::vector<std::string> few_words = {"a", "", "七人の侍"};

  Content() {
    for (std::size_t i = 0; i < 8000; ++i) words.push_back(std::string(i % 9, 'x') + std::to_string(i));
    words.push_back(std::string(300, 'z'));
  }

  template <class Write>
  void write_each(const Write& write) const {
    write("/weights", weights.view());
    write("/wide", wide.view());
    write("/small", small.view());
    write("/floats", std::span<const float>(floats));
    write("/doubles", std::span<const double>(doubles));
    write("/integers", std::span<const std::int64_t>(integers));
    write("/hashes", std::span<const std::uint64_t>(hashes));
    write("/words", std::span<const std::string>(words));
    write("/few_words", std::span<const std::string>(few_words));
    write("/empty/matrix", tensor::ConstMatrixView(nullptr, 0, 5));
    write("/empty/cols", tensor::ConstMatrixView(nullptr, 5, 0));
    write("/empty/words", std::span<const std::string>());
  }
};

std::size_t rows_of(tensor::ConstMatrixView values) {
  return values.rows();
}
tensor::ConstMatrixView rows_between(tensor::ConstMatrixView values, std::size_t begin, std::size_t end) {
  return values.middle_rows(begin, end - begin);
}
template <class T>
std::size_t rows_of(std::span<T> values) {
  return values.size();
}
template <class T>
std::span<T> rows_between(std::span<T> values, std::size_t begin, std::size_t end) {
  return values.subspan(begin, end - begin);
}

// Where each rank's piece of a dataset begins.
struct Cut {
  std::string name;
  std::function<std::size_t(std::size_t rows, std::size_t rank, std::size_t size)> begin;
};
const std::vector<Cut> cuts = {
    {"even", [](std::size_t rows, std::size_t rank, std::size_t size) { return rows * rank / size; }},
    {"all_first", [](std::size_t rows, std::size_t rank, std::size_t) { return rank == 0 ? 0 : rows; }},
    {"all_last", [](std::size_t, std::size_t, std::size_t) { return std::size_t{0}; }},
    // Pieces of 100 rows: one block is put together from those of all ranks.
    {"slivers", [](std::size_t rows, std::size_t rank, std::size_t) { return std::min(rank * 100, rows); }},
    {"slivers_at_the_end",
     [](std::size_t rows, std::size_t rank, std::size_t size) {
       return rank == 0 ? 0 : rows - std::min(rows, (size - rank) * 10);
     }},
    // 8192 rows are a block of the weights: the cut lies just before, on and just behind its ends.
    {"by_block", [](std::size_t rows, std::size_t rank,
                    std::size_t) { return rank == 0 ? 0 : std::min(rank * 8192 + rank % 3 - 1, rows); }},
    {"every_other_empty",
     [](std::size_t rows, std::size_t rank, std::size_t size) { return rows * (rank / 2 * 2) / size; }},
};

class CheckpointRowsTest : public testing::Test {
 protected:
  static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::size_t rank() const { return static_cast<std::size_t>(world_.rank()); }
  std::size_t size() const { return static_cast<std::size_t>(world_.size()); }
  bool is_last() const { return rank() + 1 == size(); }
  std::size_t begin(const Cut& cut, std::size_t rows, std::size_t of_rank) const {
    return of_rank == size() ? rows : cut.begin(rows, of_rank, size());
  }

  void write_cut(const std::filesystem::path& path, const Cut& cut) {
    CheckpointWriter writer(path, world_);
    content_.write_each([&](const std::string& name, auto values) {
      const std::size_t rows = rows_of(values);
      const std::size_t first = begin(cut, rows, rank());
      writer.write_rows(name, rows, first, rows_between(values, first, begin(cut, rows, rank() + 1)));
    });
    writer.commit();
  }
  // One process, everything whole.
  void write_alone(const std::filesystem::path& path) {
    auto one_rank = world_.split(world_.rank());
    if (world_.is_root()) {
      CheckpointWriter writer(path, one_rank);
      content_.write_each([&](const std::string& name, auto values) { writer.write(name, values); });
      writer.commit();
    }
    world_.barrier();
  }
  // Inverts a bit of the first occurrence of `landmark`.
  void damage(float landmark) {
    if (world_.is_root()) {
      std::string bytes = bytes_of(path_);
      const std::size_t place = bytes.find({reinterpret_cast<const char*>(&landmark), sizeof(landmark)});
      EXPECT_NE(place, std::string::npos);
      bytes[place] = static_cast<char>(bytes[place] ^ 1);
      std::ofstream(path_, std::ios::binary) << bytes;
    }
    world_.barrier();
  }
  // The message that every rank gets when `action` fails as checkpoints must.
  std::string message_of(const std::function<void()>& action) {
    std::string message;
    try {
      action();
      ADD_FAILURE() << "no AgreedError";
    } catch (const mpi::AgreedError& error) {
      EXPECT_EQ(error.code(), base::ExitCode::checkpoint);
      message = error.what();
    }
    EXPECT_THAT(world_.all_gather(message), Each(message));
    return message;
  }
  std::string message_of_reading(const std::function<void(CheckpointReader&)>& action) {
    return message_of([&] {
      CheckpointReader reader(path_, world_, any_file());
      action(reader);
    });
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "checkpoint.h5";
  Content content_;
};

TEST_F(CheckpointRowsTest, AnyCutGivesTheFileOfOneRank) {
  write_alone(path_);
  const std::string alone = world_.is_root() ? bytes_of(path_) : "";
  for (const Cut& cut : cuts) {
    const auto path = directory_ / (cut.name + ".h5");
    write_cut(path, cut);
    if (world_.is_root()) {
      EXPECT_TRUE(bytes_of(path) == alone) << cut.name;
      const auto difference = run_command("h5diff --verbose " + path_.string() + " " + path.string());
      EXPECT_EQ(difference.status, 0) << cut.name << ": " << difference.output;
      EXPECT_THAT(difference.output, HasSubstr("dataset: </checksums/weights>"));
    }
    world_.barrier();
  }
}

TEST_F(CheckpointRowsTest, EveryRankReadsTheRowsItNames) {
  write_alone(path_);
  CheckpointReader reader(path_, world_, any_file());
  const auto expect_numbers = [&]<class T>(const std::string& name, const std::vector<T>& whole,
                                           std::size_t first, std::size_t count) {
    std::vector<T> own(count);
    reader.read_rows(name, first, std::span(own));
    EXPECT_TRUE(std::equal(own.begin(), own.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)))
        << name << " from " << first;
  };
  // Nothing on some ranks, blocks that several ranks read, rows that none reads; the end and the whole.
  const std::vector<std::pair<std::size_t, std::size_t>> ranges = {{0, 32868},
                                                                   {32868, 0},
                                                                   {32867, 1},
                                                                   {8191, 2},
                                                                   {8192, 8192},
                                                                   {100, 20000},
                                                                   {rank() * 4000, rank() * 500}};
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto [first, count] = ranges[(i + rank()) % ranges.size()];
    tensor::Matrix own(count, 32);
    reader.read_rows("/weights", first, own.view());
    EXPECT_TRUE(count == 0 || std::memcmp(own.data(), content_.weights.data() + first * 32,
                                          own.size() * sizeof(float)) == 0)
        << "rows from " << first;
    expect_numbers("/floats", content_.floats, 10 * first, 5 * count);
    expect_numbers("/integers", content_.integers, 3 * first, 4 * count);
    expect_numbers("/hashes", content_.hashes, first, count);
    expect_numbers("/doubles", content_.doubles, first / 40, count / 300);
    const std::size_t word = first / 5;
    const auto words = reader.read_strings("/words", word, count / 5);
    EXPECT_EQ(words, std::vector(content_.words.begin() + static_cast<std::ptrdiff_t>(word),
                                 content_.words.begin() + static_cast<std::ptrdiff_t>(word + count / 5)));
  }
  EXPECT_THAT(reader.read_strings("/words", is_last() ? 8000 : 8001, is_last() ? 1 : 0),
              is_last() ? testing::Matcher<std::vector<std::string>>(ElementsAre(std::string(300, 'z')))
                        : testing::Matcher<std::vector<std::string>>(IsEmpty()));
  EXPECT_THAT(reader.read_strings("/empty/words", 0, 0), IsEmpty());
  EXPECT_EQ(reader.read_vector<std::uint64_t>("/hashes"), content_.hashes);
}

TEST_F(CheckpointRowsTest, TheRankThatReadsADamagedBlockTellsAll) {
  write_alone(path_);
  damage(20000 * 32 * 0.5F);  // in the third block of the weights
  CheckpointReader reader(path_, world_, any_file());
  tensor::Matrix sound(8192 + 100, 32);
  reader.read_rows("/weights", 3 * 8192, sound.view());  // behind it

  tensor::Matrix own(10, 32);
  std::fill_n(own.data(), own.size(), -1.0F);
  const auto message = message_of_reading(
      [&](auto& damaged) { damaged.read_rows("/weights", is_last() ? 16384 : 0, own.view()); });
  EXPECT_THAT(message, AllOf(HasSubstr(path_.string()), HasSubstr("/weights is damaged: rows 16384 to 24575"),
                             HasSubstr("Use an earlier checkpoint"), HasSubstr("--resume auto")));
  const auto flat = own.view().flat();
  EXPECT_TRUE(!is_last() || std::count(flat.begin(), flat.end(), -1.0F) == 320) << "handed out unverified";
}

TEST_F(CheckpointRowsTest, RowsThatThereAreNotAreRefusedByAllRanks) {
  write_alone(path_);
  const std::size_t rows = is_last() ? 101 : 100;
  std::vector<double> own(rows);
  EXPECT_THAT(message_of_reading([&](auto& reader) { reader.read_rows("/doubles", 900, std::span(own)); }),
              AllOf(HasSubstr("/doubles has the shape [1000]"), HasSubstr("no 101 rows from row 900 on")));
  const std::size_t count = is_last() ? ~std::size_t{0} : 1;
  EXPECT_THAT(message_of_reading([&](auto& reader) { reader.read_strings("/words", 1, count); }),
              HasSubstr("/words has the shape [8001]"));
  const std::size_t first = is_last() ? 8002 : 0;
  EXPECT_THAT(message_of_reading([&](auto& reader) { reader.read_strings("/words", first, 0); }),
              HasSubstr("from row 8002 on"));
  tensor::Matrix narrow(1, is_last() ? 31 : 32);
  EXPECT_THAT(message_of_reading([&](auto& reader) { reader.read_rows("/weights", 0, narrow.view()); }),
              HasSubstr("[32868, 32], not [32868, 31]"));
  EXPECT_THAT(message_of_reading([&](auto& reader) { reader.read_rows("/weights", 0, std::span(own)); }),
              HasSubstr("holds float32, not float64"));
}

TEST_F(CheckpointRowsTest, AStringThatWouldNotComeBackOnOneRankIsRefusedByAll) {
  for (const std::size_t bad :
       {std::size_t{0}, std::size_t{1}}) {  // the first is sent to rank 0, if that is another
    std::vector<std::string> own = {"one", "two"};
    if (is_last()) own[bad] = std::string("bad\0", 4);
    CheckpointWriter writer(path_, world_);
    EXPECT_THAT(message_of([&] {
                  writer.write_rows("/words", 2 * size(), 2 * rank(), std::span<const std::string>(own));
                }),
                AllOf(HasSubstr(path_.string()), HasSubstr("zero byte")));
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
    world_.barrier();
  }
}

TEST_F(CheckpointRowsTest, PiecesThatDoNotMakeUpTheDatasetAreABugOnAllRanks) {
  const std::vector<float> own(2);
  int attempt = 0;
  const auto write = [&](std::size_t rows, std::size_t first) {
    CheckpointWriter writer(directory_ / std::to_string(++attempt), world_);
    EXPECT_THROW(writer.write_rows("/values", rows, first, std::span<const float>(own)), base::InternalError);
  };
  write(2 * size() + 1, 2 * rank());                           // the end is missing
  write(2 * size(), 2 * rank() + 1);                           // they begin late
  write(2 * size(), is_last() ? 2 * rank() + 1 : 2 * rank());  // a gap
  write(is_last() ? 2 * size() + 1 : 2 * size() + 2, 2 * rank());
}

TEST(RowCutTest, KnowsToWhomTheHeadOfAPieceBelongs) {
  const ChecksumBlocks blocks(30, 100'000);  // 10 rows each
  const RowCut cut({0, 4, 4, 7, 20, 25, 30});
  const auto heads = [&] {
    std::vector<std::size_t> rows;
    for (int rank = 0; rank < 6; ++rank) rows.push_back(cut.head_rows(rank, blocks));
    return rows;
  }();
  EXPECT_THAT(heads, ElementsAre(0, 0, 3, 3, 0, 5));
  EXPECT_TRUE(cut.cuts_blocks(blocks));
  EXPECT_FALSE(RowCut({0, 10, 10, 30}).cuts_blocks(blocks));
  EXPECT_EQ(cut.owner_of(0), 0);
  EXPECT_EQ(cut.owner_of(4), 2);
  EXPECT_EQ(cut.owner_of(10), 3);
  EXPECT_EQ(cut.owner_of(29), 5);
}

}  // namespace
}  // namespace gemel::checkpoint
