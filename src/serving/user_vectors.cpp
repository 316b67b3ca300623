#include "serving/user_vectors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.hpp"
#include "features/featurizer.hpp"
#include "mpi/agreement.hpp"

namespace gemel::serving {
namespace {

using Features = std::vector<features::FittedFeature>;

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

/// The columns of the tower, and whether they hold numbers.
std::map<std::string, bool> columns_of(const Features& all) {
  std::map<std::string, bool> columns;
  for (const features::FittedFeature& feature : all) {
    const bool is_number = feature.spec.kind->column_type() == features::ColumnType::number;
    columns[feature.spec.column] = columns[feature.spec.column] || is_number;
  }
  return columns;
}

std::int64_t parse_number(const NamedValue& given) {
  std::int64_t number = 0;
  const char* end = given.value.data() + given.value.size();
  const auto [stop, error] = std::from_chars(given.value.data(), end, number);
  if (error != std::errc() || stop != end) {
    refuse(fmt::format("--query {}={}: this column holds whole numbers; give one", given.name, given.value));
  }
  return number;
}

/// The columns that are the same for `users` rows.
ingest::Columns same_for_all(std::map<std::string, bool> columns, const std::vector<NamedValue>& others,
                             const std::string& user_column, std::size_t users) {
  columns.erase(user_column);
  ingest::Columns result;
  result.rows = users;
  for (const NamedValue& given : others) {
    const auto found = columns.find(given.name);
    if (found == columns.end()) {
      refuse(fmt::format(
          "--query {}={}: {}", given.name, given.value,
          given.name == user_column
              ? "the vectors are those of all users; leave it out"
              : "no feature of queries is made of this column, or it is given twice; leave it out"));
    }
    if (found->second) {
      result.numbers[given.name].assign(users, parse_number(given));
    } else {
      for (std::size_t user = 0; user < users; ++user) result.strings[given.name].push_back(given.value);
    }
    columns.erase(found);
  }
  if (columns.empty()) return result;
  std::vector<std::string> missing;
  for (const auto& [name, is_number] : columns)
    missing.push_back(fmt::format("--query {}={}", name, is_number ? "0" : "TEXT"));
  refuse(fmt::format(
      "a user's vector depends on more than {}: give the values that all users get ({}), or ask for "
      "items only (--items-only)",
      user_column, fmt::join(missing, " ")));
}

features::FeatureRows featurize_users(const model::Tower& queries, const ingest::StringColumn& users,
                                      const std::vector<NamedValue>& others,
                                      mpi::Communicator& communicator) {
  const std::string& user_column = require_user_feature(queries).spec.column;
  ingest::Columns columns = same_for_all(columns_of(queries.features()), others, user_column, users.size());
  columns.strings[user_column] = users;
  std::vector<features::FeatureSpec> specs;
  for (const features::FittedFeature& feature : queries.features()) specs.push_back(feature.spec);
  return features::featurize_columns(specs, columns, communicator,
                                     {.features = &queries.features(), .freeze_vocabulary = true})
      .rows;
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
