#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingest/column_summary.hpp"
#include "ingest/dataset.hpp"
#include "ingest/distribution.hpp"
#include "ingest/time_summary.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A user or an item with the most interactions.
struct Busiest {
  std::string id;
  std::string title;  ///< of an item that has one
  std::int64_t interactions = 0;
};

/// What ids look like, of users or of items.
struct IdSummary {
  std::int64_t like_floats = 0;   ///< ids such as "17.0"
  std::int64_t rows_missing = 0;  ///< interactions whose id stands for none: "", "nan", "null", ...
  std::string missing = {};       ///< such an id
};

/// What is in a data set. The same on every rank, and for any number of ranks.
struct DataSummary {
  std::string name;
  std::int64_t interactions = 0;
  std::int64_t users = 0;
  std::int64_t items = 0;  ///< of the catalogue
  bool comes_split = false;
  std::vector<std::int64_t> parts;  ///< interactions of each Part, of data that comes split
  Distribution activity;            ///< interactions of a user
  Distribution popularity;          ///< interactions of an item
  Busiest user;
  Busiest item;
  std::int64_t pairs = 0;   ///< distinct pairs of a user and an item (in each part)
  std::int64_t copies = 0;  ///< interactions that are like an earlier one in user, item, time and rating
  std::int64_t users_of_several = 0;  ///< users with two different items or more
  bool same_ids = false;              ///< the users and the items that have interactions are the same texts
  std::optional<TimeSummary> times;
  std::vector<ValueBin> ratings;  ///< empty: there are none
  IdSummary user_ids;
  IdSummary item_ids;
  std::vector<ColumnSummary> interaction_columns;
  std::vector<ColumnSummary> item_columns;

  /// The share of all pairs of a user and an item that there are.
  double density() const {
    return static_cast<double>(pairs) / (static_cast<double>(users) * static_cast<double>(items));
  }
};

/// Times after `now` are in the future. A rank has the interactions of the users that it owns, in about 40 bytes each, and a number for every
/// item. Collective.
DataSummary summarize(const Dataset& dataset, std::int64_t now, mpi::Communicator& communicator);

}  // namespace gemel::ingest
