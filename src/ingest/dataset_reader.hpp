#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "gemel/data.hpp"
#include "ingest/dataset.hpp"
#include "ingest/user_table.hpp"
#include "ingest/wanted_columns.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Reads data sets of one format.
class DatasetReader {
 public:
  virtual ~DatasetReader() = default;

  /// The format's name: "MovieLens-100k".
  virtual std::string name() const = 0;
  /// The files by which the format is known, for messages: "u.data and u.item".
  virtual std::string looks_for() const = 0;
  /// Whether `directory` holds a data set of this format. Not collective.
  virtual bool recognises(const std::filesystem::path& directory) const = 0;
  /// What of such a directory tells of users, if anything does. Throws AgreedError (data) where that is unclear. Collective.
  virtual std::optional<UsersFile> users_file(const std::filesystem::path&, mpi::Communicator&) const {
    return std::nullopt;
  }
  /// Whether the interactions that it reads have the columns of their users, which come from no file of their own any more.
  virtual bool has_joined_users() const { return false; }
  /// Reads a directory that it recognises, with the columns that are wanted beside those that it always reads. Collective. Throws mpi::AgreedError (data), on all ranks, for
  /// whatever is wrong with the files.
  virtual Dataset read(const std::filesystem::path& directory, const WantedColumns& wanted,
                       BadLines bad_lines, mpi::Communicator& communicator) const = 0;
};

/// The data set that `options` names: the files, or what the reader that recognises the directory makes of it, or else
/// the built-in synthetic one. Collective. Throws mpi::AgreedError (data) when there is
/// no such directory, when it is empty or of no known format, and as DatasetReader::read.
Dataset read_dataset(const DataOptions& options, const WantedColumns& wanted,
                     mpi::Communicator& communicator);

/// What it tells of users, of the columns that are `wanted`, if it does. Collective. Throws as read_dataset().
std::optional<UserTable> read_users(const DataOptions& options, const WantedColumns& wanted,
                                    mpi::Communicator& communicator);

}  // namespace gemel::ingest
