#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "gemel/base/random.hpp"

namespace gemel::scaling {

/// What is trained: the tutorial's features, with as many users and items as one likes.
struct Job {
  int ranks = 1;
  int lanes = 1;
  int threads = 1;
  std::int64_t batch_size = 0;
  std::int64_t users = 0;
  std::int64_t items = 0;
  std::vector<std::size_t> layers;
  double overhead = 0;   ///< seconds that a rank takes to begin or to end a message
  double bandwidth = 0;  ///< bytes a second that a rank sends, and receives; 0: SimGrid knows
};

inline constexpr std::size_t embedding_dim = 32;
inline constexpr std::int64_t time_buckets = 1001;
inline constexpr std::int64_t tokens = 10000;
inline constexpr std::int64_t tokens_per_title = 3;

/// The tables of the model, in its order: two of the query tower, two of the candidate tower.
enum Table : std::size_t { user, time, title, text };
inline constexpr std::size_t table_count = 4;
inline constexpr std::array<const char*, table_count> table_names = {"user_id", "timestamp", "title",
                                                                     "title_text"};

/// Made-up examples, each a function of its number alone: users and times are uniform; the k-th most popular item, and the k-th
/// most frequent token, occurs in proportion to 1 / k (Zipf's law).
class Workload {
 public:
  explicit Workload(const Job& job);

  std::int64_t rows(std::size_t table) const;
  std::int32_t item(std::int64_t example) const;
  /// Appends the rows of a table of the query tower that an example looks up.
  void append_query_rows(std::size_t table, std::int64_t example, std::vector<std::int64_t>& rows) const;
  /// Appends the rows of a table of the candidate tower that an item looks up.
  void append_candidate_rows(std::size_t table, std::int32_t item, std::vector<std::int64_t>& rows) const;

 private:
  const Job job_;
  std::uint64_t user_key_;
  std::uint64_t time_key_;
  std::uint64_t item_key_;
  std::uint64_t token_key_;
  base::KeyedPermutation row_of_item_;
};

/// Parameters of the dense layers of a tower whose features are `width` columns together.
std::size_t dense_parameters(std::size_t width, const std::vector<std::size_t>& layers);
inline constexpr std::size_t query_width = 2 * embedding_dim + 1;
inline constexpr std::size_t candidate_width = 2 * embedding_dim;

}  // namespace gemel::scaling
