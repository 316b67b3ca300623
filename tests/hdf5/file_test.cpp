#include "hdf5/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "hdf5/attribute.hpp"
#include "hdf5/dataset.hpp"
#include "hdf5/error.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::hdf5 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  mpi::Communicator world_ = mpi::Communicator::world();
  TemporaryDirectory directory_{world_};
  std::filesystem::path path_ = directory_ / "file.h5";
};

TEST_F(FileTest, MakesGroupsAndListsDatasets) {
  auto file = File::create(path_, world_);
  EXPECT_TRUE(file.has("/"));
  EXPECT_FALSE(file.has("/b/c/d"));
  for (const char* path : {"/b/c/d", "/a", "/b/a"}) Dataset::create(file, path, Element::int32, {1, {}});
  file.create_groups("/z/y");
  file.close();
  EXPECT_FALSE(file.is_open());

  auto again = File::open_read(path_, world_);
  for (const char* path : {"/b", "/b/c", "/b/c/d", "/z/y"}) EXPECT_TRUE(again.has(path)) << path;
  EXPECT_FALSE(again.has("/b/x"));
  EXPECT_THAT(again.dataset_paths(), ElementsAre("/a", "/b/a", "/b/c/d"));
  again.close();
}

TEST_F(FileTest, GivesBackAttributes) {
  const std::string long_text(100'000, 'j');  // more than an object header can hold
  auto file = File::create(path_, world_);
  write_attribute(file, "/", "negative", std::int64_t{-7});
  write_attribute(file, "/", "large", ~std::uint64_t{0});
  write_attribute(file, "/group/below", "half", 0.5);
  write_attribute(file, "/group/below", "text", std::string("Amélie"));
  write_attribute(file, "/group/below", "empty", std::string());
  write_attribute(file, "/", "long", long_text);
  EXPECT_THROW(write_attribute(file, "/", "negative", std::int64_t{8}), Hdf5Error);
  file.close();

  auto again = File::open_read(path_, world_);
  EXPECT_EQ(read_attribute<std::int64_t>(again, "/", "negative"), -7);
  EXPECT_EQ(read_attribute<std::uint64_t>(again, "/", "large"), ~std::uint64_t{0});
  EXPECT_EQ(read_attribute<double>(again, "/group/below", "half"), 0.5);
  EXPECT_EQ(read_attribute<std::string>(again, "/group/below", "text"), "Amélie");
  EXPECT_EQ(read_attribute<std::string>(again, "/group/below", "empty"), "");
  EXPECT_EQ(read_attribute<std::string>(again, "/", "long"), long_text);
  EXPECT_TRUE(has_attribute(again, "/", "large"));
  EXPECT_FALSE(has_attribute(again, "/", "small"));
  EXPECT_FALSE(has_attribute(again, "/nowhere", "large"));
  EXPECT_THROW(read_attribute<double>(again, "/", "negative"), Hdf5Error);
  EXPECT_THROW(read_attribute<double>(again, "/", "absent"), Hdf5Error);
  again.close();
  if (!world_.is_root()) return;
  const auto dump = run_command("h5dump -a /negative -a /group/below/text " + path_.string());
  EXPECT_THAT(dump.output, HasSubstr("(0): -7"));
  EXPECT_THAT(dump.output, HasSubstr("H5T_STD_I64LE"));
  EXPECT_THAT(dump.output, HasSubstr("STRSIZE 7"));
  EXPECT_THAT(dump.output, HasSubstr("CSET H5T_CSET_UTF8"));
}

TEST_F(FileTest, KnowsWhatIsNotHdf5) {
  if (world_.is_root()) std::ofstream(path_) << "user,item,time\n";
  world_.barrier();
  EXPECT_FALSE(is_hdf5(path_));
  EXPECT_THROW(is_hdf5(directory_ / "absent"), Hdf5Error);
  EXPECT_THROW(File::open_read(path_, world_), Hdf5Error);
  EXPECT_THROW(File::open_read(directory_ / "absent", world_), Hdf5Error);
}

TEST_F(FileTest, LeavingWithoutCloseHangsNobody) {
  auto file = File::create(path_, world_);
  write_attribute(file, "/", "number", std::int64_t{1});
  if (world_.is_root()) {
    const File gone_on_one_rank_only = std::move(file);
  }
  world_.barrier();
}

}  // namespace
}  // namespace gemel::hdf5
