#include "serving/output_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.hpp"
#include "hdf5/dataset.hpp"
#include "serving/hdf5_vectors.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::serving {
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
  base::OutputFile& first = files.add("a");
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
    EXPECT_THROW(files.add("b"), base::OutputError);
  }
  EXPECT_THAT(visible(), ElementsAre("b"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1);
}

TEST_F(OutputFilesTest, ADirectoryThatCannotBeIsAnOutputError) {
  directory_.write("made", "a file");
  EXPECT_THROW(OutputFiles(path_, false), base::OutputError);
}

TEST_F(OutputFilesTest, Hdf5HasAGroupForEachTable) {
  const VectorTable items = {
      .noun = "item", .rows = 3, .dim = 2, .has_labels = true, .longest_id = 2, .longest_label = 0};
  const VectorTable users = {.noun = "user", .rows = 1, .dim = 2, .longest_id = 2};
  VectorRows rows;
  rows.ids.push_back("10");
  rows.labels.push_back("");
  rows.counts = {5};
  rows.vectors.resize(1, 2);
  rows.vectors(0, 0) = 1;
  rows.vectors(0, 1) = 2;
  OutputFiles files(path_, false);
  {
    Hdf5Vectors writer(std::vector{items, users}, files);
    for (rows.first = 0; rows.first < 3; ++rows.first) writer.write(items, rows);
    rows.first = 0;
    writer.write(users, rows);
    EXPECT_THAT(visible(), IsEmpty());
    writer.finish();
  }
  EXPECT_LT(files.commit().front().bytes, 60000U);  // what was set aside has gone
  hdf5::File file = hdf5::File::open_read(path_ / "vectors.h5", self_);
  EXPECT_THAT(file.dataset_paths(), ElementsAre("/items/count", "/items/id", "/items/label", "/items/vector",
                                                "/users/id", "/users/vector"));
  std::vector<float> vectors(6);
  std::vector<std::string> ids(3);
  hdf5::Dataset::open(file, "/items/vector").read_rows(0, 3, std::span<float>(vectors));
  hdf5::Dataset::open(file, "/items/id").read_rows(0, 3, std::span<std::string>(ids));
  EXPECT_THAT(vectors, ElementsAre(1, 2, 1, 2, 1, 2));
  EXPECT_THAT(ids, ElementsAre("10", "10", "10"));
}

}  // namespace
}  // namespace gemel::serving
