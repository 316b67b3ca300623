#include "serving/user_vectors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.hpp"
#include "features/encoder.hpp"
#include "mpi/agreement.hpp"
#include "serving/query_source.hpp"

namespace gemel::serving {
namespace {

/// For what every rank finds alike.
[[noreturn]] void refuse(const std::string& message) {
  throw mpi::AgreedError(base::ExitCode::usage, message);
}

const features::FittedFeature& require_user_feature(const model::Tower& queries) {
  const features::FittedFeature* feature = user_feature(queries);
  base::require(feature != nullptr, "UserVectors: the query tower has no users");
  return *feature;
}

/// The users that this rank has of the vocabulary: its rows but for the special ones.
ingest::StringColumn own_users(const features::FittedFeature& feature) {
  const ingest::VocabularyBlock& block = feature.vocabulary;
  const auto special =
      static_cast<std::size_t>(std::max(feature.special_rows() - block.first, std::int64_t{0}));
  const std::size_t first = std::min(special, block.strings.size());
  return middle_strings(block.strings, first, block.strings.size() - first);
}

/// Throws AgreedError for columns that are too many or too few.
void check_columns(const features::Encoder& encoder, const std::vector<NamedValue>& others,
                   const std::string& user_column) {
  std::vector<std::string> needed = encoder.columns();
  std::erase(needed, user_column);
  for (const NamedValue& given : others) {
    const std::string option = fmt::format("--query {}={}", given.name, given.value);
    if (given.name == user_column) refuse(option + ": the vectors are those of all users; leave it out");
    if (std::erase(needed, given.name) == 0)
      refuse(option + ": no feature of queries needs this column, or it is given twice; leave it out");
  }
  if (needed.empty()) return;
  for (std::string& name : needed) {
    const bool is_number = encoder.type_of(name) == features::ColumnType::number;
    name = fmt::format("--query {}={}", name, is_number ? "NUMBER" : "TEXT");
  }
  refuse(
      fmt::format("the vectors of users depend on more than {}: say what all users get ({}), or ask for "
                  "items only (--items-only)",
                  user_column, fmt::join(needed, " ")));
}

features::FeatureRows featurize_users(const model::Tower& queries, const ingest::StringColumn& users,
                                      const std::vector<NamedValue>& given, mpi::Communicator& communicator) {
  const std::string& user_column = require_user_feature(queries).spec.column;
  const features::Encoder encoder(queries.features(), communicator);
  const std::vector<NamedValue> others = with_time(given, {}, encoder);
  check_columns(encoder, others, user_column);
  ingest::Columns columns;
  columns.rows = users.size();
  columns.strings[user_column] = users;
  for (const NamedValue& other : others) add_constant(other, encoder, columns);
  return encoder.encode(columns);
}

VectorTable table_of_users(const model::TwoTower& model, const ingest::StringColumn& users,
                           mpi::Communicator& communicator) {
  return {.noun = "user",
          .rows = communicator.sum(static_cast<std::int64_t>(users.size())),
          .dim = model.dim(),
          .longest_id = longest(users, communicator)};
}

}  // namespace

const features::FittedFeature* user_feature(const model::Tower& queries) {
  const features::FittedFeature* first = nullptr;
  for (const features::FittedFeature& feature : queries.features()) {
    if (!feature.spec.kind->is_id()) continue;
    if (feature.spec.column == "user_id") return &feature;
    if (first == nullptr) first = &feature;
  }
  return first;
}

UserVectors::UserVectors(const model::TwoTower& model, const std::vector<NamedValue>& others,
                         mpi::Communicator& communicator, const base::ThreadTeam& team,
                         onednn::Runtime& runtime)
    : UserVectors(model, own_users(require_user_feature(model.query())), others, communicator, team,
                  runtime) {}

UserVectors::UserVectors(const model::TwoTower& model, ingest::StringColumn ids,
                         const std::vector<NamedValue>& others, mpi::Communicator& communicator,
                         const base::ThreadTeam& team, onednn::Runtime& runtime)
    : VectorSource(table_of_users(model, ids, communicator), ids.size()),
      ids_(std::move(ids)),
      rows_(featurize_users(model.query(), ids_, others, communicator)),
      embedder_(communicator, team, runtime, model.query(), model.dense()) {}

VectorRows UserVectors::own(std::size_t first, std::size_t count) {
  VectorRows rows;
  rows.ids = middle_strings(ids_, first, count);
  rows.vectors.resize(count, table().dim);
  embedder_.run(rows_, first, rows.vectors.view());
  return rows;
}

}  // namespace gemel::serving
