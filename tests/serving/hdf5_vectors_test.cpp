#include "serving/hdf5_vectors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/output_files.hpp"
#include "hdf5/dataset.hpp"
#include "hdf5/file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::serving {
namespace {

using testing::ElementsAre;
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
  hdf5::File file = hdf5::File::open_read(directory / "vectors.h5", self);
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
