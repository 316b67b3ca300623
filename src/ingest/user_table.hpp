#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "ingest/string_table.hpp"
#include "ingest/wanted_columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// A file that tells of users, a line each.
struct UsersFile {
  std::filesystem::path path;
  std::vector<std::string> names = {};  ///< of its columns; none: it has them itself
  std::string id_name = "user_id";      ///< what the interactions call the ids of users
};

/// What data tells of users. Of a file each rank reads about 1/n of the lines, and users meet at the rank that owns the hash of their ids, so no rank
/// has all of them.
class UserTable {
 public:
  /// Reads the columns that are `wanted`, as table_layout() says how; where there is none of them, nothing but the first lines. Root says
  /// which. Throws AgreedError (data), with file and line, for lines without the right fields and for ids that are empty or twice, unless they
  /// are to be skipped. Collective.
  UserTable(const UsersFile& file, const WantedColumns& wanted, BadLines bad_lines,
            mpi::Communicator& communicator);
  /// Of interactions with which columns of their users are joined already, as in prepared data: those that are `wanted` and have one value
  /// with every user. `path` is that of the data. Collective.
  UserTable(const Columns& interactions, const WantedColumns& wanted, std::filesystem::path path,
            mpi::Communicator& communicator);

  const std::filesystem::path& path() const { return path_; }
  /// Those that were read, and those that were not.
  const std::vector<std::string>& columns() const { return columns_; }
  const std::vector<std::string>& unread() const { return unread_; }
  /// Of what this rank has read of each of columns().
  const std::vector<std::uint64_t>& hashes() const { return hashes_; }

  /// What each of columns() has of users[i], for every i. Throws AgreedError (data), which goes on as `whose` ("of the interactions") and
  /// `remedy` say, for users that the file lacks. Collective.
  std::vector<TextColumn> of_users(const TextColumn& users, std::string_view whose, std::string_view remedy,
                                   mpi::Communicator& communicator) const;

 private:
  std::filesystem::path path_;
  std::vector<std::string> columns_;
  std::vector<std::string> unread_;
  std::vector<std::uint64_t> hashes_;
  // Of the users whose hashes this rank owns.
  StringTable row_of_;
  std::vector<StringColumn> values_;
};

/// Adds to the interactions of a data set the columns of their users that are `wanted`, as add_typed() takes them. Throws as UserTable does,
/// and AgreedError (usage) for a column that interactions have already. Collective.
void join_users(const UsersFile& file, const WantedColumns& wanted, BadLines bad_lines, Dataset& dataset,
                mpi::Communicator& communicator);

}  // namespace gemel::ingest
