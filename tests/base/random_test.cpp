#include "base/random.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <vector>

namespace gemel::base {
namespace {

std::vector<std::uint64_t> permuted(std::uint64_t key, std::uint64_t size) {
  const KeyedPermutation permutation(key, size);
  std::vector<std::uint64_t> result;
  for (std::uint64_t i = 0; i < size; ++i) result.push_back(permutation(i));
  return result;
}

TEST(KeyedPermutationTest, IsABijection) {
  for (const std::uint64_t size : {1U, 2U, 3U, 10U, 1000U, 4097U}) {
    for (std::uint64_t key = 0; key < 20; ++key) {
      const auto images = permuted(key, size);
      const std::set<std::uint64_t> distinct(images.begin(), images.end());
      EXPECT_EQ(distinct.size(), size);
      EXPECT_LT(*distinct.rbegin(), size);
    }
  }
}

TEST(KeyedPermutationTest, ManyIndicesAtOnceGoWhereEachGoes) {
  for (const std::uint64_t size : {1U, 3U, 500U, 513U, 4097U}) {
    const KeyedPermutation permutation(random_key(size, "test"), size);
    std::vector<std::uint64_t> indices(size);
    std::iota(indices.begin(), indices.end(), 0);
    permutation.apply(indices);
    EXPECT_EQ(indices, permuted(random_key(size, "test"), size)) << size;
  }
  const KeyedPermutation large(3, (std::uint64_t{1} << 62) - 5);
  std::vector<std::uint64_t> indices(100);
  for (std::uint64_t i = 0; i < indices.size(); ++i) indices[i] = (i << 55) + i;
  const std::vector<std::uint64_t> before = indices;
  large.apply(indices);
  for (std::size_t i = 0; i < indices.size(); ++i) EXPECT_EQ(indices[i], large(before[i]));
}

TEST(KeyedPermutationTest, DependsOnTheKey) {
  EXPECT_EQ(permuted(1, 1000), permuted(1, 1000));
  EXPECT_NE(permuted(1, 1000), permuted(2, 1000));
  EXPECT_NE(permuted(1, 1000), permuted(1ULL << 40, 1000));
}

/// All images of an index are equally likely: chi-square over 2000 keys with 9 degrees of freedom stays below its 1e-6 quantile.
TEST(KeyedPermutationTest, ImagesAreUniformOverKeys) {
  for (std::uint64_t index = 0; index < 10; ++index) {
    std::vector<double> counts(10, 0.0);
    for (std::uint64_t key = 0; key < 2000; ++key)
      counts[KeyedPermutation(random_key(key, "test"), 10)(index)] += 1;
    double chi_square = 0;
    for (const double count : counts) chi_square += (count - 200) * (count - 200) / 200;
    EXPECT_LT(chi_square, 45.0) << index;
  }
}

TEST(RandomTest, TheInverseOfAPermutationUndoesIt) {
  for (const std::uint64_t size : {1U, 2U, 3U, 7U, 12U, 100U, 1682U, 4099U}) {
    const KeyedPermutation permutation(random_key(size, "test"), size);
    for (std::uint64_t index = 0; index < size; ++index) {
      ASSERT_EQ(permutation.inverse(permutation(index)), index) << size;
    }
  }
  const KeyedPermutation large(3, std::uint64_t{1} << 61);
  for (std::uint64_t index = 0; index < 100; ++index)
    EXPECT_EQ(large.inverse(large(index << 50)), index << 50);
}

TEST(RandomTest, FloatsAndDoublesAreUniformInTheUnitInterval) {
  double sums[2] = {0, 0};
  double squares[2] = {0, 0};
  constexpr int count = 100000;
  for (std::uint64_t i = 0; i < count; ++i) {
    const double values[2] = {static_cast<double>(random_float(3, i)), random_double(3, i)};
    for (int kind = 0; kind < 2; ++kind) {
      EXPECT_GE(values[kind], 0.0);
      EXPECT_LT(values[kind], 1.0);
      sums[kind] += values[kind];
      squares[kind] += values[kind] * values[kind];
    }
  }
  for (int kind = 0; kind < 2; ++kind) {
    EXPECT_NEAR(sums[kind] / count, 0.5, 0.005);
    EXPECT_NEAR(squares[kind] / count, 1.0 / 3, 0.005);
  }
}

TEST(RandomTest, SequencesDependOnKeyAndCounter) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t key = 0; key < 30; ++key) {
    for (std::uint64_t counter = 0; counter < 30; ++counter) seen.insert(random_bits(key, counter << 30));
  }
  EXPECT_EQ(seen.size(), 900U);
  EXPECT_NE(random_key(1, "a"), random_key(1, "b"));
  EXPECT_NE(random_key(1, "a"), random_key(2, "a"));
}

}  // namespace
}  // namespace gemel::base
