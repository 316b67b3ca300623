#include "ingest/text_share.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
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

/// Every line that any rank read, in rank order, as "number:text". Files come one after the other.
std::vector<std::string> read_on_all_ranks(const std::vector<std::filesystem::path>& paths) {
  auto world = mpi::Communicator::world();
  StringColumn mine;
  std::int64_t total = 0;
  for (const TextShare& share : open_texts(paths, world)) {
    share.for_each_line([&](const Line& line) {
      mine.push_back(std::to_string(line.number) + ":" + std::string(line.text));
    });
    total += world.sum(share.lines());
  }
  EXPECT_EQ(total, world.sum(static_cast<std::int64_t>(mine.size())));
  const StringColumn all = all_gather_strings(mine, world);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < all.size(); ++i) lines.emplace_back(all[i]);
  return lines;
}

class TextShareTest : public testing::Test {
 protected:
  std::vector<std::string> read(std::string_view content) {
    return read_on_all_ranks({directory_.write("file", content)});
  }
  std::string error_of(const std::filesystem::path& path) {
    return failure_of([&] { open_texts(std::span(&path, 1), world_); }).message;
  }

  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(TextShareTest, ReadsEachLineOnceWithItsNumber) {
  std::string content;
  std::vector<std::string> expected;
  for (int i = 1; i <= 1000; ++i) {
    const std::string first(static_cast<std::size_t>(i * 7 % 41), 'x');  // lines of many lengths
    content += first + "," + std::to_string(i) + "\n";
    expected.push_back(std::to_string(i) + ":" + first + "," + std::to_string(i));
  }
  EXPECT_EQ(read(content), expected);
}

TEST_F(TextShareTest, TakesALastLineWithoutNewline) {
  EXPECT_THAT(read("a,b\nc"), ElementsAre("1:a,b", "2:c"));
}

TEST_F(TextShareTest, TakesWindowsLineEnds) {
  EXPECT_THAT(read("a,b\r\nc,d\r\ne,f"), ElementsAre("1:a,b", "2:c,d", "3:e,f"));
}

TEST_F(TextShareTest, TakesAnEmptyFile) {
  EXPECT_THAT(read(""), ElementsAre());
}

TEST_F(TextShareTest, CountsBlankLines) {
  EXPECT_THAT(read("\n\na,\n\n"), ElementsAre("1:", "2:", "3:a,", "4:"));
}

TEST_F(TextShareTest, TakesFewerLinesThanRanks) {
  EXPECT_THAT(read("abc\n"), ElementsAre("1:abc"));
}

TEST_F(TextShareTest, TakesLinesLongerThanAnyBuffer) {
  const std::string huge(3'000'000, 'h');
  EXPECT_THAT(read("a\n" + huge + "\nz\n"), ElementsAre("1:a", "2:" + huge, "3:z"));
}

TEST_F(TextShareTest, ReadsFilesOneAfterTheOther) {
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> expected;
  for (int file = 0; file < 7; ++file) {
    std::string content;
    for (int line = 1; line <= file * file; ++line) {  // the first file is empty
      const std::string text = std::to_string(file) + std::string(static_cast<std::size_t>(line), '.');
      content += text + (file == 3 && line == 9 ? "" : "\n");
      expected.push_back(std::to_string(line) + ":" + text);
    }
    paths.push_back(directory_.write("file" + std::to_string(file), content));
  }
  EXPECT_EQ(read_on_all_ranks(paths), expected);
}

TEST_F(TextShareTest, CutsFilesOfMoreThanFourGigabytes) {
  constexpr std::uint64_t size = 9'000'000'000;  // sparse: takes no room on the disk
  const auto path = directory_.write("file", "");
  if (!world_.is_root()) return;
  std::filesystem::resize_file(path, size);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 4 * 3 + 100));
  file << '\n';
  file.close();
  EXPECT_EQ(next_line_start(path, size / 4 * 3, size), size / 4 * 3 + 101);
  EXPECT_EQ(next_line_start(path, size / 4 * 3 + 101, size), size);
}

TEST_F(TextShareTest, FindsTheNextLine) {
  const std::string content = "ab\n\ncd\nefg";
  const auto path = directory_.write("file", content);
  for (std::uint64_t at = 0; at < content.size(); ++at) {
    const std::uint64_t expected = at <= 2 ? 3 : at == 3 ? 4 : at <= 6 ? 7 : content.size();
    EXPECT_EQ(next_line_start(content, at), expected) << at;
    EXPECT_EQ(next_line_start(path, at, content.size()), expected) << at;
  }
}

TEST_F(TextShareTest, NoticesAFileThatChangesWhileItIsRead) {
  const auto path = directory_.write("file", "a\nb\nc\n");
  const std::vector<TextShare> shares = open_texts(std::span(&path, 1), world_);
  world_.barrier();
  if (world_.is_root()) std::ofstream(path, std::ios::app) << "d\n";
  world_.barrier();
  if (shares.front().size() > 0) {
    EXPECT_THAT(failure_of([&] { shares.front().for_each_line([](const Line&) {}); }).message,
                HasSubstr("changed while it was read: it had 6 bytes at first, and has 8 now"));
  }
  world_.barrier();
  if (world_.is_root()) std::filesystem::remove(path);
  world_.barrier();
  if (shares.front().size() > 0) {
    EXPECT_THAT(failure_of([&] { shares.front().for_each_line([](const Line&) {}); }).message,
                HasSubstr("cannot be opened"));
  }
}

TEST_F(TextShareTest, DealsOutWhatCanBeReadOnlyOnce) {
  std::string content;
  for (int i = 0; i < 5000; ++i) content += std::string(static_cast<std::size_t>(i * i % 1001), '.') + ",\n";
  const auto expected = read(content);
  const auto path = directory_.path() / "pipe";
  EXPECT_EQ(world_.is_root() ? mkfifo(path.c_str(), 0600) : 0, 0);
  world_.barrier();
  std::jthread writer;
  if (world_.is_root()) writer = std::jthread([&] { std::ofstream(path) << content; });
  EXPECT_EQ(read_on_all_ranks({path}), expected);
  EXPECT_EQ(read_on_all_ranks({"/dev/null"}), std::vector<std::string>());
}

TEST_F(TextShareTest, UnpacksWhatItsFirstBytesSayIsPacked) {
  std::string content;
  for (int i = 0; i < 3000; ++i) content += std::string(static_cast<std::size_t>(i % 301), 'x') + "," + "\n";
  const auto plain = directory_.write("file", content);
  const auto expected = read_on_all_ranks({plain});
  const auto packed = directory_.path() / "packed";  // a name that says nothing
  for (const char* program : {"gzip -c", "bzip2 -c", "zstd -qc"}) {
    const std::string command = std::string(program) + " " + plain.string() + " >" + packed.string();
    EXPECT_EQ(world_.is_root() ? std::system(command.c_str()) : 0, 0);
    world_.barrier();
    EXPECT_EQ(read_on_all_ranks({packed}), expected) << program;
    EXPECT_EQ(read_on_all_ranks({packed, plain}).size(), 2 * expected.size());
    world_.barrier();
    if (world_.is_root()) std::filesystem::resize_file(packed, std::filesystem::file_size(packed) - 9);
    world_.barrier();
    EXPECT_THAT(error_of(packed), HasSubstr("packed: ")) << program;
    world_.barrier();
  }
}

TEST_F(TextShareTest, NamesAFileThatCannotBeRead) {
  const auto missing = directory_.path() / "nowhere";
  EXPECT_THAT(error_of(missing), HasSubstr(missing.string() + ": cannot be opened (No such file"));
  EXPECT_THAT(error_of(directory_.path()), HasSubstr("is a directory"));
}

}  // namespace
}  // namespace gemel::ingest
