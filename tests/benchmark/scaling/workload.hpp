#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.hpp"

namespace gemel::scaling {

/// What is trained: the tutorial's features, with as many users and items as one likes.
struct Job {
  int ranks = 1;
  std::int64_t batch_size = 0;
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::vector<std::size_t> layers;
};

inline constexpr std::size_t embedding_dim = 32;

/// The tables of the model, in its order: two of the query tower, two of the candidate tower.
enum Table : std::size_t { user, time, title, text };
inline constexpr std::size_t table_count = 4;
inline constexpr std::size_t query_table_count = 2;  // the first ones
inline constexpr std::array<const char*, table_count> table_names = {"user_id", "timestamp", "title",
                                                                     "title_text"};

/// Made-up examples, each a function of its number alone: users and times are uniform; the k-th most popular item, and the k-th
/// most frequent token, occurs in proportion to 1 / k (Zipf's law).
class Workload {
 public:
  explicit Workload(const Job& job);

  const Job& job() const { return job_; }
  std::int64_t rows(std::size_t table) const;
  /// The items of a rank's examples of a batch.
  std::vector<std::int32_t> items(std::int64_t batch, int rank) const;
  /// The distinct rows of a table, ascending, that a rank looks up for its examples of a batch, and for its columns: `items`, of
  /// which -1 is none.
  std::vector<std::int64_t> touched_rows(std::size_t table, std::int64_t batch, int rank,
                                         std::span<const std::int32_t> items) const;

 private:
  std::int64_t first_example(std::int64_t batch, int rank) const;
  std::int32_t item(std::int64_t example) const;
  std::int64_t query_row(std::size_t table, std::int64_t example) const;
  std::int64_t token(std::int32_t item, std::int64_t word) const;

  const Job job_;
  std::uint64_t user_key_;
  std::uint64_t time_key_;
  std::uint64_t item_key_;
  std::uint64_t token_key_;
  base::KeyedPermutation row_of_item_;
};

/// Parameters of the dense layers of a tower whose features are `width` columns together, and of both towers.
std::size_t dense_parameters(std::size_t width, const std::vector<std::size_t>& layers);
std::size_t all_dense_parameters(const std::vector<std::size_t>& layers);
inline constexpr std::size_t query_width = 2 * embedding_dim + 1;
inline constexpr std::size_t candidate_width = 2 * embedding_dim;

}  // namespace gemel::scaling
