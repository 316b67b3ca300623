#include "hdf5/examination.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>

#include "hdf5/error.hpp"
#include "hdf5/handle.hpp"
#include "support/laid_out_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::hdf5 {
namespace {

using testing::HasSubstr;

// Files as HDF5 can make them and we never do.
class ExaminationTest : public testing::Test {
 protected:
  void make(const std::function<void(hid_t file)>& add) {
    const FileHandle file(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    add(file.id());
  }
  static void add_dataset(hid_t file, const char* name, hid_t type, const std::vector<hsize_t>& extent,
                          hid_t creation = H5P_DEFAULT) {
    const DataspaceHandle space(
        extent.empty() ? H5Screate(H5S_SCALAR)
                       : H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
    const DatasetHandle dataset(H5Dcreate2(file, name, type, space.id(), H5P_DEFAULT, creation, H5P_DEFAULT));
    ASSERT_GE(dataset.id(), 0);
  }
  static void add_group(hid_t file, const char* name) {
    const GroupHandle group(H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    ASSERT_GE(group.id(), 0);
  }
  std::string refusal() {
    try {
      examine(path_);
    } catch (const Hdf5Error& error) {
      return error.what();
    }
    return "no Hdf5Error";
  }

  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{self_};
  std::filesystem::path path_ = directory_ / "file.h5";
};

TEST_F(ExaminationTest, RefusesLinksToElsewhere) {
  make([](hid_t file) { H5Lcreate_soft("/somewhere", file, "link", H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_THAT(refusal(), HasSubstr("/link: a link to something elsewhere"));
  make([](hid_t file) { H5Lcreate_external("/dev/zero", "/", file, "link", H5P_DEFAULT, H5P_DEFAULT); });
  EXPECT_THAT(refusal(), HasSubstr("/link: a link to something elsewhere"));
}

TEST_F(ExaminationTest, RefusesObjectsWithSeveralNames) {
  make([](hid_t file) {
    add_dataset(file, "a", H5T_IEEE_F32LE, {3});
    H5Lcreate_hard(file, "a", file, "b", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(refusal(), HasSubstr("/b: an object with several names"));
  make([](hid_t file) {
    add_group(file, "round");
    H5Lcreate_hard(file, "/round", file, "/round/and_round", H5P_DEFAULT, H5P_DEFAULT);
  });
  EXPECT_THAT(refusal(), HasSubstr("/round/and_round: an object with several names"));
}

TEST_F(ExaminationTest, RefusesDeepAndManyGroups) {
  make([](hid_t file) {
    std::string name;
    for (int depth = 0; depth < 2000; ++depth) add_group(file, (name += "/g").c_str());
  });
  EXPECT_THAT(refusal(), HasSubstr("too deep"));
}

TEST_F(ExaminationTest, RefusesValuesElsewhereAndInChunks) {
  make([&](hid_t file) {
    const PropertyListHandle creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_external(creation.id(), "/dev/zero", 0, 12);
    add_dataset(file, "a", H5T_IEEE_F32LE, {3}, creation.id());
  });
  EXPECT_THAT(refusal(), HasSubstr("/a: its values do not lie one after the other in this file"));
  make([&](hid_t file) {
    const PropertyListHandle creation(H5Pcreate(H5P_DATASET_CREATE));
    const std::array<hsize_t, 1> chunk = {1000};
    H5Pset_chunk(creation.id(), 1, chunk.data());
    H5Pset_deflate(creation.id(), 9);
    add_dataset(file, "a", H5T_IEEE_F32LE, {hsize_t{1} << 40}, creation.id());
  });
  EXPECT_THAT(refusal(), HasSubstr("/a: its values do not lie one after the other in this file"));
}

TEST_F(ExaminationTest, RefusesOtherTypesAndShapes) {
  make([](hid_t file) { add_dataset(file, "a", H5T_IEEE_F64BE, {3}); });
  EXPECT_THAT(refusal(), HasSubstr("/a: a type of values that this program does not read"));
  make([](hid_t file) { add_dataset(file, "a", H5T_IEEE_F64LE, {1, 2, 3}); });
  EXPECT_THAT(refusal(), HasSubstr("/a: has 3 dimensions"));
  make([](hid_t file) { add_dataset(file, "a", H5T_IEEE_F64LE, {}); });
  EXPECT_THAT(refusal(), HasSubstr("/a: has 0 dimensions"));
  make([](hid_t file) {
    const DatatypeHandle text(H5Tcopy(H5T_C_S1));
    H5Tset_size(text.id(), H5T_VARIABLE);
    add_dataset(file, "a", text.id(), {3});
  });
  EXPECT_THAT(refusal(), HasSubstr("/a: a type of values that this program does not read"));
}

TEST_F(ExaminationTest, RefusesAttributesOfOtherKinds) {
  make([](hid_t file) {
    const std::array<hsize_t, 1> two = {2};
    const DataspaceHandle space(H5Screate_simple(1, two.data(), nullptr));
    const AttributeHandle attribute(
        H5Acreate2(file, "pair", H5T_STD_I64LE, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  });
  EXPECT_THAT(refusal(), HasSubstr("pair: not one value"));
  make([](hid_t file) {
    const DataspaceHandle space(H5Screate(H5S_SCALAR));
    const AttributeHandle attribute(
        H5Acreate2(file, "small", H5T_STD_I8LE, space.id(), H5P_DEFAULT, H5P_DEFAULT));
  });
  EXPECT_THAT(refusal(), HasSubstr("small: a type of values that this program does not read"));
}

// HDF5 crashes on some of these, in a process of its own; nothing of that reaches this one.
TEST_F(ExaminationTest, DamagedStructuresDoNotReachThisProcess) {
  write_laid_out(path_, [](Layout& layout) {
    for (int i = 0; i < 10; ++i) {
      const std::string path = "/group_" + std::to_string(i % 3) + "/values_" + std::to_string(i);
      layout.add(path, Element::float32, {3, 2});
      layout.attribute(path, "number", std::int64_t{i});
    }
  });
  std::ifstream stream(path_, std::ios::binary);
  const std::string sound{std::istreambuf_iterator<char>(stream), {}};
  std::mt19937_64 random(3);
  int refused = 0;
  for (int attempt = 0; attempt < 150; ++attempt) {
    std::string damaged = sound;
    for (int edit = 0; edit < 4; ++edit) damaged[random() % damaged.size()] = static_cast<char>(random());
    std::ofstream(path_, std::ios::binary) << damaged;
    try {
      examine(path_);
    } catch (const Hdf5Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace gemel::hdf5
