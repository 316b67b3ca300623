#include "ingest/delimited_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/vocabulary.hpp"
#include "support/columns.hpp"
#include "support/failure.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Every line that any rank read, in rank order, as "number:field;field;".
std::vector<std::string> read_on_all_ranks(const std::filesystem::path& path, std::string_view separator) {
  auto world = mpi::Communicator::world();
  const DelimitedText share = read_share(path, separator, world);
  StringColumn mine;
  share.for_each_line([&](const Line& line) {
    std::string text = std::to_string(line.number) + ":";
    for (const std::string_view field : line.fields) text.append(field).append(";");
    mine.push_back(text);
  });
  EXPECT_EQ(share.total_lines(), world.sum(static_cast<std::int64_t>(mine.size())));
  const StringColumn all = all_gather_strings(mine, world);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < all.size(); ++i) lines.emplace_back(all[i]);
  return lines;
}

class DelimitedReader : public testing::Test {
 protected:
  std::vector<std::string> read(std::string_view content, std::string_view separator = ",") {
    return read_on_all_ranks(directory_.write("file", content), separator);
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(DelimitedReader, ReadsEachLineOnceWithItsNumber) {
  std::string content;
  std::vector<std::string> expected;
  for (int i = 1; i <= 1000; ++i) {
    const std::string first(static_cast<std::size_t>(i * 7 % 41), 'x');  // lines of many lengths
    content += first + "," + std::to_string(i) + "\n";
    expected.push_back(std::to_string(i) + ":" + first + ";" + std::to_string(i) + ";");
  }
  EXPECT_EQ(read(content), expected);
}

TEST_F(DelimitedReader, TakesALastLineWithoutNewline) {
  EXPECT_THAT(read("a,b\nc"), ElementsAre("1:a;b;", "2:c;"));
}

TEST_F(DelimitedReader, TakesWindowsLineEnds) {
  EXPECT_THAT(read("a,b\r\nc,d\r\ne,f"), ElementsAre("1:a;b;", "2:c;d;", "3:e;f;"));
}

TEST_F(DelimitedReader, TakesAnEmptyFile) {
  EXPECT_THAT(read(""), ElementsAre());
}

TEST_F(DelimitedReader, CountsBlankLines) {
  EXPECT_THAT(read("\n\na,\n\n"), ElementsAre("1:;", "2:;", "3:a;;", "4:;"));
}

TEST_F(DelimitedReader, TakesFewerLinesThanRanks) {
  EXPECT_THAT(read("abc\n"), ElementsAre("1:abc;"));
}

TEST_F(DelimitedReader, TakesSeparatorsOfSeveralCharacters) {
  EXPECT_THAT(read("1::2:3::\n", "::"), ElementsAre("1:1;2:3;;"));
}

TEST_F(DelimitedReader, TakesLinesLongerThanAnyBuffer) {
  const std::string huge(300'000, 'h');
  EXPECT_THAT(read("a\n" + huge + "\nz\n"), ElementsAre("1:a;", "2:" + huge + ";", "3:z;"));
}

TEST_F(DelimitedReader, CutsTheSameLinesForAnyNumberOfParts) {
  std::string content;
  for (int i = 0; i < 200; ++i) content += std::string(static_cast<std::size_t>(i * i % 23), '.') + "\n";
  const auto path = directory_.write("file", content);
  for (int parts = 1; parts <= 300; ++parts) {
    std::uint64_t end = 0;
    for (int part = 0; part < parts; ++part) {
      const ByteRange range = share_of_lines(path, content.size(), part, parts);
      EXPECT_EQ(range.begin, end);
      EXPECT_TRUE(range.begin == 0 || content[range.begin - 1] == '\n');
      end = range.end;
    }
    EXPECT_EQ(end, content.size());
  }
}

TEST_F(DelimitedReader, CutsFilesOfMoreThanFourGigabytes) {
  constexpr std::uint64_t size = 9'000'000'000;  // sparse: takes no room on the disk
  const auto path = directory_.write("file", "");
  if (world_.is_root()) {
    std::filesystem::resize_file(path, size);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::uint64_t part = 1; part < 4; ++part) {
      file.seekp(static_cast<std::streamoff>(size / 4 * part + 100));
      file << '\n';
    }
    file.close();
    for (int part = 0; part < 4; ++part) {
      const ByteRange range = share_of_lines(path, size, part, 4);
      const auto p = static_cast<std::uint64_t>(part);
      EXPECT_EQ(range.begin, part == 0 ? 0 : size / 4 * p + 101);
      EXPECT_EQ(range.end, part == 3 ? size : size / 4 * (p + 1) + 101);
    }
  }
}

TEST_F(DelimitedReader, DealsOutWhatCanBeReadOnlyOnce) {
  std::string content;
  for (int i = 0; i < 5000; ++i) content += std::string(static_cast<std::size_t>(i * i % 1001), '.') + ",\n";
  const auto expected = read(content);
  const auto path = directory_.path() / "pipe";
  EXPECT_EQ(world_.is_root() ? mkfifo(path.c_str(), 0600) : 0, 0);
  world_.barrier();
  std::jthread writer;
  if (world_.is_root()) writer = std::jthread([&] { std::ofstream(path) << content; });
  EXPECT_EQ(read_on_all_ranks(path, ","), expected);
  EXPECT_EQ(read_on_all_ranks("/dev/null", ","), std::vector<std::string>());
}

TEST_F(DelimitedReader, GivesEveryRankTheWholeFile) {
  const DelimitedText text = read_whole(directory_.write("file", "a|b\nc|d"), "|", world_);
  EXPECT_EQ(text.text(), "a|b\nc|d");
  EXPECT_EQ(text.first_line(), 1);
  EXPECT_EQ(text.total_lines(), 2);
}

TEST_F(DelimitedReader, NamesAFileThatCannotBeRead) {
  const auto missing = directory_.path() / "nowhere";
  for (const auto& read : {read_share, read_whole}) {
    const Failure failure = failure_of([&] { read(missing, ",", world_); });
    EXPECT_EQ(failure.code, base::ExitCode::data);
    EXPECT_THAT(failure.message, HasSubstr(missing.string() + ": cannot be opened (No such file"));
    EXPECT_THAT(failure_of([&] { read(directory_.path(), ",", world_); }).message,
                HasSubstr("is a directory"));
  }
}

TEST(ParseNumber, TakesWholeNumbersOnly) {
  EXPECT_EQ(parse_number("0"), 0);
  EXPECT_EQ(parse_number("-12"), -12);
  EXPECT_EQ(parse_number("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", " 1", "1 ", "1.5", "x", "+1", "0x1", "9223372036854775808"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace gemel::ingest
