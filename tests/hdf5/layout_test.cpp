#include "hdf5/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hdf5/error.hpp"
#include "hdf5/examination.hpp"
#include "hdf5/text_rows.hpp"
#include "support/command.hpp"
#include "support/laid_out_file.hpp"
#include "support/temporary_directory.hpp"

namespace gemel::hdf5 {
namespace {

using testing::HasSubstr;

class LayoutTest : public testing::Test {
 protected:
  mpi::Communicator self_ = mpi::Communicator::self();
  TemporaryDirectory directory_{self_};
  std::filesystem::path path_ = directory_ / "file.h5";
};

TEST_F(LayoutTest, OtherToolsReadNumbersStringsAndAttributes) {
  StoredDataset numbers;
  StoredDataset words;
  const std::string long_text(100'000, 'j');  // more than an object header can hold
  write_laid_out(path_, [&](Layout& layout) {
    numbers = layout.add("/group/numbers", Element::float32, {2, 3});
    words = layout.add_text("/group/words", 2, 8);
    layout.add("/empty", Element::int64, {0, {}});
    layout.attribute("/", "negative", std::int64_t{-7});
    layout.attribute("/group/below", "text", std::string("Amélie"));
    layout.attribute("/group/numbers", "long", long_text);
  });
  write_values(path_, numbers, std::vector<float>{0.25F, 1.25F, 2.25F, 3.25F, 4.25F, 5.25F});
  const std::vector<std::string> texts = {"Amélie", "Z"};
  const std::string packed = pack_text(texts, 8);
  write_values(path_, words, std::vector<char>(packed.begin(), packed.end()));

  const auto seen = [&](const std::string& what) {
    return run_command("h5dump " + what + " " + path_.string()).output;
  };
  EXPECT_THAT(seen("-d /group/numbers"), HasSubstr("H5T_IEEE_F32LE"));
  EXPECT_THAT(seen("-d /group/numbers"), HasSubstr("(0,0): 0.25, 1.25, 2.25"));
  EXPECT_THAT(seen("-d /group/numbers"), HasSubstr("(1,0): 3.25, 4.25, 5.25"));
  EXPECT_THAT(seen("-d /group/words"), HasSubstr("H5T_CSET_UTF8"));
  EXPECT_THAT(seen("-d /group/words"), HasSubstr("\"Z\\000"));
  EXPECT_THAT(seen("-d /empty"), HasSubstr("( 0 ) / ( 0 )"));
  EXPECT_THAT(seen("-a /negative"), HasSubstr("(0): -7"));
  EXPECT_THAT(seen("-a /group/below/text"), HasSubstr("STRSIZE 7"));
  EXPECT_THAT(seen("-a /group/numbers/long"), HasSubstr("STRSIZE 100000"));
}

TEST_F(LayoutTest, ASecondLookFindsWhatWasLaidOut) {
  Contents laid_out;
  write_laid_out(path_, [&](Layout& layout) {
    for (const Element element : {Element::float32, Element::float64, Element::uint8, Element::int32,
                                  Element::int64, Element::uint64})
      layout.add("/each/" + std::string(name_of(element)), element, {3, 2});
    layout.add_text("/words", 5, 22);
    layout.add("/empty/matrix", Element::float32, {0, 5});
    layout.attribute("/", "large", ~std::uint64_t{0});
    layout.attribute("/", "small", std::numeric_limits<std::int64_t>::min());
    layout.attribute("/each", "half", 0.5);
    layout.attribute("/each", "empty", std::string());
    laid_out = layout.contents();
  });
  laid_out.sort();
  EXPECT_EQ(examine(path_), laid_out);
}

TEST_F(LayoutTest, LeavesRoomBeforeItself) {
  Layout layout(512);
  const StoredDataset values = layout.add("/values", Element::float64, {1000, {}});
  EXPECT_GE(values.offset, 512U);
  const Structure structure = layout.finish();
  EXPECT_EQ(structure.extents.front().offset, 512U);
  std::uint64_t covered = 512 + values.bytes();
  for (const Extent& extent : structure.extents) {
    covered += extent.bytes.size();
    EXPECT_TRUE(extent.end() <= values.offset || extent.offset >= values.offset + values.bytes());
  }
  EXPECT_EQ(covered, structure.file_bytes);
}

TEST_F(LayoutTest, TheSameCallsGiveTheSameBytes) {
  const auto make = [] {
    Layout layout(512);
    layout.attribute("/", "format", std::string("test"));
    layout.add("/b/values", Element::float32, {7, 3});
    layout.add_text("/a/words", 3, 9);
    return layout.finish();
  };
  const Structure a = make();
  const Structure b = make();
  ASSERT_EQ(a.extents.size(), b.extents.size());
  for (std::size_t i = 0; i < a.extents.size(); ++i) EXPECT_EQ(a.extents[i].bytes, b.extents[i].bytes);
}

TEST_F(LayoutTest, RefusesASecondObjectOfAName) {
  Layout layout;
  layout.attribute("/", "seven", std::int64_t{7});
  EXPECT_THROW(layout.attribute("/", "seven", std::int64_t{8}), Hdf5Error);
  layout.add("/values", Element::float32, {1, {}});
  try {
    layout.add("/values", Element::float32, {1, {}});
    ADD_FAILURE() << "no exception";
  } catch (const Hdf5Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("H5Dcreate2(/values)"));
  }
}

TEST(TextRowsTest, RefuseWhatWouldNotComeBack) {
  const std::vector<std::string> words = {"four"};
  EXPECT_THROW(pack_text(words, 3), Hdf5Error);
  const std::vector<std::string> zero = {std::string("a\0", 2)};
  EXPECT_THROW(pack_text(zero, 3), Hdf5Error);
  std::vector<std::string> back(2);
  unpack_text(std::string_view("ab\0c\0\0", 6), 3, back);
  EXPECT_THAT(back, testing::ElementsAre("ab", "c"));
}

}  // namespace
}  // namespace gemel::hdf5
