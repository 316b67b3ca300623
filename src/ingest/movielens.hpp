#pragma once

#include <filesystem>
#include <string>

#include "ingest/dataset_reader.hpp"

namespace gemel::ingest {

/// MovieLens 100k as GroupLens ships it: u.item (Latin-1 or UTF-8, fields by "|": item id, title, two dates, URL, and for each
/// genre 1 or 0; what follows the title may be missing), u.genre (the names of the genres: "Action|1"; without it they
/// are the 19 of the data set), u.data (fields by tab: user id, item id, rating, timestamp in seconds since 1970), and perhaps u.user (fields by
/// "|": user id, age, gender, occupation, zip_code; join_users() takes what is wanted).
/// Text becomes UTF-8.
class MovieLens100kReader final : public DatasetReader {
 public:
  std::string name() const override { return "MovieLens-100k"; }
  std::string looks_for() const override { return "u.data and u.item"; }
  bool recognises(const std::filesystem::path& directory) const override;
  std::optional<UsersFile> users_file(const std::filesystem::path& directory,
                                      mpi::Communicator& communicator) const override;
  Dataset read(const std::filesystem::path& directory, const WantedColumns& wanted, BadLines bad_lines,
               mpi::Communicator& communicator) const override;
};

}  // namespace gemel::ingest
