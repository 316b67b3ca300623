#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "features/encoder.hpp"
#include "ingest/columns.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/communicator.hpp"
#include "serving/named_value.hpp"
#include "serving/user_values.hpp"

namespace gemel::serving {

/// The column that tells users apart, and that of when they ask, in seconds.
inline constexpr const char* user_column = "user_id";
inline constexpr const char* time_column = "timestamp";

/// These values, and the latest time that the model has learned from where its queries have a time that neither the values nor columns of
/// their own (`own`) tell; root says so. Models that keep no such time have none.
std::vector<NamedValue> with_time(std::vector<NamedValue> values, const std::vector<std::string>& own,
                                  const features::Encoder& encoder);

/// Some queries.
struct Queries {
  ingest::StringColumn names;  ///< what each is called: its user, if it has one
  ingest::Columns columns;     ///< raw values, as Encoder::encode takes them
};

/// Where queries come from. Their order is the same on any number of ranks.
class QuerySource {
 public:
  virtual ~QuerySource() = default;
  QuerySource(const QuerySource&) = delete;
  QuerySource& operator=(const QuerySource&) = delete;

  /// Of all ranks.
  virtual std::int64_t size() const = 0;
  /// Whether they have a user each.
  virtual bool has_users() const = 0;
  /// Bytes of the longest name. Collective.
  virtual std::size_t longest_name(mpi::Communicator& communicator) const = 0;
  /// Queries [first, first + count), of which each rank asks for what it likes. Collective.
  virtual Queries get(std::int64_t first, std::int64_t count, mpi::Communicator& communicator) const = 0;

 protected:
  QuerySource() = default;
};

// `constants` are values that all queries have alike. What neither they nor the queries have is looked up in `known`, which may be null and must
// outlive the source, for queries with users. Where nothing tells the time of queries, it is the latest that the model has learned
// from. The makers of sources throw AgreedError (usage) for a column that is missing, is given twice or is not needed, and for a value
// that is no number where a feature needs one. They throw as UserValues::add(), too, and are collective.

/// One query of these values alone.
std::unique_ptr<QuerySource> one_query(const std::vector<NamedValue>& values,
                                       const features::Encoder& encoder, const UserValues* known = nullptr);
/// A query for each of these users.
std::unique_ptr<QuerySource> queries_of_users(const ingest::StringColumn& users,
                                              const std::vector<NamedValue>& constants,
                                              const features::Encoder& encoder,
                                              const UserValues* known = nullptr);
/// A query for each user that the model knows: those of the vocabulary of the feature user_id:lookup, in its order. Throws AgreedError
/// (usage) for a model without it.
std::unique_ptr<QuerySource> queries_of_known_users(const std::vector<NamedValue>& constants,
                                                    const features::Encoder& encoder,
                                                    const UserValues* known = nullptr);
/// A query for each line of a file with fields, the first line of which names the columns. The column "query", or else that of users,
/// names the queries, or else their line numbers do. Columns that the model does not need are passed over. Collective.
std::unique_ptr<QuerySource> read_queries(const std::string& path, const std::vector<NamedValue>& constants,
                                          const features::Encoder& encoder, const UserValues* known,
                                          mpi::Communicator& communicator);

}  // namespace gemel::serving
