#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ingest/columns.hpp"
#include "ingest/user_table.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// What is known of users that queries are made of, such as their age: columns of the data that the model was trained with.
class UserValues {
 public:
  /// The communicator must outlive the object.
  UserValues(ingest::UserTable table, mpi::Communicator& communicator)
      : table_(std::move(table)), communicator_(communicator) {}

  const std::vector<std::string>& columns() const { return table_.columns(); }

  /// Adds to queries with users those of columns() that are `wanted`. Throws AgreedError (data) for users that are not known. Collective.
  void add(const std::vector<std::string>& wanted, ingest::Columns& queries) const;

 private:
  ingest::UserTable table_;
  mpi::Communicator& communicator_;
};

}  // namespace gemel::serving
