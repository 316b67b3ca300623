#include "hdf5/contents.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {
namespace {

Contents example() {
  Contents contents;
  contents.attributes = {{"/", "negative", std::int64_t{-1}},
                         {"/", "large", ~std::uint64_t{0}},
                         {"/", "no_number", std::numeric_limits<double>::infinity()},
                         {"/run", "text", std::string("Amélie \xff\x01\"{}")}};
  contents.datasets = {{"/a", Element::float32, {3, 2}, 4, 600}, {"/b/\xe9", Element::text, {7, {}}, 9, 700}};
  return contents;
}

TEST(ContentsTest, ComeBackFromText) {
  EXPECT_EQ(parse_contents(to_text(example())), example());
  EXPECT_EQ(parse_contents(to_text({})), Contents{});
}

TEST(ContentsTest, KnowWhatIsThere) {
  const Contents contents = example();
  for (const char* path : {"/", "/a", "/b", "/run"}) EXPECT_TRUE(contents.has(path)) << path;
  for (const char* path : {"/ru", "/a/b", "/c", "/r"}) EXPECT_FALSE(contents.has(path)) << path;
  EXPECT_EQ(contents.dataset("/a")->bytes(), 24U);
  EXPECT_EQ(contents.dataset("/b"), nullptr);
  EXPECT_EQ(std::get<std::int64_t>(*contents.attribute("/", "negative")), -1);
  EXPECT_EQ(contents.attribute("/run", "negative"), nullptr);
}

// Text from anywhere: it is refused, or it is contents that come back.
TEST(ContentsTest, OtherTextIsRefused) {
  for (
      const char* text :
      {"", "{", "[]", "{}", "7", R"({"attributes":[],"datasets":7})", R"({"attributes":[7],"datasets":[]})",
       R"({"attributes":[{"object":"/","name":7,"int64":1}],"datasets":[]})",
       R"({"attributes":[{"object":"/","name":"x"}],"datasets":[]})",
       R"({"attributes":[{"object":"/","name":"x","int64":9223372036854775808}],"datasets":[]})",
       R"({"attributes":[{"object":"/","name":"x","uint64":-1}],"datasets":[]})",
       R"({"attributes":[],"datasets":[{"path":"/x","element":"float16","shape":[1],"value_bytes":2,"offset":0}]})",
       R"({"attributes":[],"datasets":[{"path":"/x","element":"int64","shape":[],"value_bytes":8,"offset":0}]})",
       R"({"attributes":[],"datasets":[{"path":"/x","element":"int64","shape":[-1],"value_bytes":8,"offset":0}]})",
       R"({"attributes":[],"datasets":[{"path":"/x","element":"int64","shape":[1,1,1],"value_bytes":8,"offset":0}]})",
       R"({"attributes":[],"datasets":[{"path":"/\u0100","element":"int64","shape":[1],"value_bytes":8,"offset":0}]})"})
    EXPECT_THROW(parse_contents(text), Hdf5Error) << text;
  const std::string sound = to_text(example());
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = sound;
    for (std::uint64_t edits = random() % 3 + 1; edits > 0; --edits)
      text[random() % text.size()] = static_cast<char>(random() % 256);
    try {
      const std::string back = to_text(parse_contents(text));
      EXPECT_EQ(to_text(parse_contents(back)),
                back);  // numbers may be NaN, which are not equal to themselves
    } catch (const Hdf5Error&) {
    }
  }
  EXPECT_THROW(parse_contents(std::string(1'000'000, '[')), Hdf5Error);
}

}  // namespace
}  // namespace gemel::hdf5
