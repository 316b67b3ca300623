#include "base/output_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::base {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class OutputFilesTest : public testing::Test {
 protected:
  std::vector<std::string> visible() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      if (const std::string name = entry.path().filename(); !name.starts_with('.')) names.push_back(name);
    }
    std::ranges::sort(names);
    return names;
  }

  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{self_};
  std::filesystem::path path_ = directory_ / "made" / "anew";
};

TEST_F(OutputFilesTest, GetTheirNamesTogether) {
  OutputFiles files(path_, false);
  OutputFile& first = files.add("a");
  files.add("b").write("bb");
  first.write("a");
  EXPECT_THAT(visible(), IsEmpty());
  const std::vector<WrittenFile> written = files.commit();
  EXPECT_THAT(visible(), ElementsAre("a", "b"));
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[1].path, path_ / "b");
  EXPECT_EQ(written[1].bytes, 2U);
}

TEST_F(OutputFilesTest, NoneGetsItsNameWhenOneIsInTheWay) {
  {
    OutputFiles files(path_, false);
    files.add("b").write("old");
    files.commit();
  }
  {
    OutputFiles files(path_, false);
    files.add("a").write("new");
    EXPECT_THROW(files.add("b"), OutputError);
  }
  EXPECT_THAT(visible(), ElementsAre("b"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
}

TEST_F(OutputFilesTest, ADirectoryThatCannotBeIsAnOutputError) {
  directory_.write("made", "a file");
  EXPECT_THROW(OutputFiles(path_, false), OutputError);
}

}  // namespace
}  // namespace gemel::base
