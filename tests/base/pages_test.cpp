#include "base/pages.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <numeric>

#include "base/memory.hpp"

namespace gemel::base {
namespace {

TEST(PagesTest, AVectorOnHugePagesIsOneOfZeros) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3} << 20}) {
    std::vector<std::int32_t> values;
    resize_on_huge_pages(values, size);
    EXPECT_EQ(values.size(), size);
    EXPECT_THAT(values, testing::Each(0));
  }
}

TEST(PagesTest, WhatAShorterVectorKeepsStaysAndTheRestIsGivenBack) {
  std::vector<std::int32_t> values(std::size_t{32} << 20);  // 128 MiB
  std::iota(values.begin(), values.end(), 1);
  const std::int64_t before = resident_memory();
  const std::size_t left = values.size() / 4 + 1;
  shorten(values, left);
  EXPECT_LT(resident_memory(), before - (std::int64_t{90} << 20));
  ASSERT_EQ(values.size(), left);
  std::int32_t wrong = 0;
  for (std::size_t i = 0; i < left; ++i) wrong += values[i] != static_cast<std::int32_t>(i) + 1;
  EXPECT_EQ(wrong, 0);
  values.resize(left + 5000, 7);  // what was given back can be used again
  EXPECT_EQ(values[left - 1], static_cast<std::int32_t>(left));
  EXPECT_EQ(values.back(), 7);
}

}  // namespace
}  // namespace gemel::base
