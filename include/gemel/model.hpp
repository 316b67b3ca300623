#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gemel/export.hpp"

namespace gemel {

/// The value of a column, as text: {"user_id", "42"}. Numbers are written out.
struct NamedValue {
  std::string name;
  std::string value;
};

/// An item of the catalogue in a list.
struct ScoredItem {
  std::string id;
  std::string label;  ///< what a person knows it by: its title
  float score =
      0;  ///< dot product of the query's and the item's vector; of similar items, what the measure says
  std::int64_t row = 0;  ///< of the catalogue, from 0
};

/// The answer to a query: the best items, best first. Of equal scores the item that comes first in the catalogue is first.
struct Recommendations {
  std::vector<ScoredItem> items;
  /// Columns whose value the model has not learned, such as a new user: it was answered as any unknown one is.
  std::vector<std::string> unknown;

  std::size_t size() const { return items.size(); }
  bool empty() const { return items.empty(); }
  const ScoredItem& operator[](std::size_t place) const { return items[place]; }
  auto begin() const { return items.begin(); }
  auto end() const { return items.end(); }
};

/// Which items are ranked for a query.
struct RankingOptions {
  /// Ids of the items that may be recommended; nothing: all may. Ids that the catalogue lacks are passed over.
  std::optional<std::vector<std::string>> allow = std::nullopt;
  /// Ids of items that may not.
  std::vector<std::string> leave_out = {};
  /// Also those that the query's user has seen, as far as the checkpoint knows (`trainer train --store-history`).
  bool keep_seen = false;
};

/// How the vectors of two items are compared.
enum class Measure {
  cosine,
  dot,  ///< the dot product: items of long vectors, popular ones as a rule, come first
};

/// A trained model, ready to answer queries in this process alone: it starts no MPI and needs no mpirun. Scores are those of `trainer
/// recommend` and of training, bit for bit on the same machine.
///
/// Members that are const may be called by any number of threads at once. A query needs memory for its list, and reads all vectors of
/// the catalogue once. All throw Error: UsageError for arguments that cannot be, DataError for an item that is not there,
/// CheckpointError for a file that is not sound, DivergedError for scores that are not finite.
class GEMEL_API Model {
 public:
  /// `path` is a checkpoint, or a directory: its newest sound one. `threads`: those that share one query, where the catalogue is large
  /// enough to gain from it. A program that uses MPI itself opens models in the thread that initialised it.
  static Model open(const std::string& path, int threads = 1);

  Model(Model&& other) noexcept;
  Model& operator=(Model&& other) noexcept;
  ~Model();

  /// The best k items for a query; fewer where there are no more. The query has a value for each of columns(), and may have a user_id
  /// even if that is none of them: it tells what has been seen.
  Recommendations recommend(const std::vector<NamedValue>& query, std::size_t k,
                            const RankingOptions& options = {}) const;
  /// The k items that are most like the one with this id, or else this label, which is not among them. The first call with a measure
  /// makes a copy of the catalogue's vectors for it.
  std::vector<ScoredItem> similar(const std::string& id_or_label, std::size_t k,
                                  Measure measure = Measure::cosine) const;

  /// The vectors whose dot product is a score, [dim()]. Where items have biases, the last values are 1 and the bias.
  std::vector<float> query_vector(const std::vector<NamedValue>& query) const;
  std::vector<float> item_vector(const std::string& id) const;

  /// What queries are made of: the columns that need a value.
  const std::vector<std::string>& columns() const;
  /// Whether the checkpoint knows what users have seen.
  bool knows_seen() const;
  /// Width of the vectors.
  std::size_t dim() const;
  /// Items of the catalogue, and of each what it is called and how many training examples it had. row < items().
  std::int64_t items() const;
  std::string id(std::int64_t row) const;
  std::string label(std::int64_t row) const;
  std::int64_t count(std::int64_t row) const;
  /// Of the checkpoint.
  const std::string& path() const;

 private:
  struct Parts;
  explicit Model(std::unique_ptr<const Parts> parts);

  std::unique_ptr<const Parts> parts_;
};

}  // namespace gemel
