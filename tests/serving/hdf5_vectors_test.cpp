#include "serving/hdf5_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/output_files.hpp"
#include "hdf5/examination.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::serving {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Hdf5Vectors, HaveAGroupForEachTable) {
  auto self = mpi::Communicator::self();
  const TemporaryDirectory directory(self);
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
  base::OutputFiles files(directory.path(), false);
  {
    Hdf5Vectors writer(std::vector{items, users}, files);
    for (rows.first = 0; rows.first < 3; ++rows.first) writer.write(items, rows);
    rows.first = 0;
    writer.write(users, rows);
    writer.finish();
  }
  EXPECT_LT(files.commit().front().bytes, 60000U);  // what was set aside has gone
  const std::string path = (directory / "vectors.h5").string();
  std::vector<std::string> paths;
  for (const auto& dataset : hdf5::examine(path).datasets) paths.push_back(dataset.path);
  EXPECT_THAT(paths, ElementsAre("/items/count", "/items/id", "/items/label", "/items/vector", "/users/id",
                                 "/users/vector"));
  EXPECT_THAT(run_command("h5dump -y -d /items/vector " + path).output,
              HasSubstr("1, 2,\n      1, 2,\n      1, 2"));
  EXPECT_THAT(run_command("h5dump -y -d /items/id " + path).output, HasSubstr(R"("10", "10", "10")"));
}

}  // namespace
}  // namespace gemel::serving
