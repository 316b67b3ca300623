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

class DelimitedReader : public testing::Test {
 protected:
  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
};

TEST_F(DelimitedReader, GivesEveryRankTheWholeFile) {
  const DelimitedText text = read_whole(directory_.write("file", "a|b\nc|d"), "|", world_);
  EXPECT_EQ(text.text(), "a|b\nc|d");
  std::vector<std::string> lines;
  text.for_each_line([&](const Line& line) {
    lines.push_back(std::to_string(line.number) + ":" + std::string(line.fields.back()));
  });
  EXPECT_THAT(lines, ElementsAre("1:b", "2:d"));
}

TEST_F(DelimitedReader, NamesAFileThatCannotBeRead) {
  const auto missing = directory_.path() / "nowhere";
  const Failure failure = failure_of([&] { read_whole(missing, ",", world_); });
  EXPECT_EQ(failure.code, base::ExitCode::data);
  EXPECT_THAT(failure.message, HasSubstr(missing.string() + ": cannot be opened (No such file"));
  EXPECT_THAT(failure_of([&] { read_whole(directory_.path(), ",", world_); }).message,
              HasSubstr("is a directory"));
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
