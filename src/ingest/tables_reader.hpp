#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/dataset_reader.hpp"
#include "ingest/given_files.hpp"

namespace gemel::ingest {

/// Two files with names that are known: interactions, and items.
struct KnownTables {
  std::string name;          ///< of the data set: "MovieLens-1M or 10M"
  std::string interactions;  ///< name of the file, in which "*" stands for any text
  std::string items;         ///< the same
  bool needs_items = true;   ///< or may do without that file
  PairColumns columns = {};  ///< of interactions; empty: the first line has them
  TableNames names = {};     ///< of items and of users; none: the first line has them
  std::string users = {};    ///< the name of the file of users, like `items`; there may be none
};

/// A directory with such files.
class TablesReader final : public DatasetReader {
 public:
  explicit TablesReader(KnownTables tables) : tables_(std::move(tables)) {}

  std::string name() const override { return tables_.name; }
  std::string looks_for() const override;
  bool recognises(const std::filesystem::path& directory) const override;
  std::optional<UsersFile> users_file(const std::filesystem::path& directory,
                                      mpi::Communicator& communicator) const override;
  Dataset read(const std::filesystem::path& directory, const WantedColumns& wanted, BadLines bad_lines,
               mpi::Communicator& communicator) const override;

 private:
  KnownTables tables_;
};

/// Whether a file's name ends as those of tables of text do, such as .csv or .jsonl.gz.
bool is_table_name(const std::string& name);

/// A directory whose one table is interactions, such as KGRec's, or Amazon's ratings without a heading; perhaps with a table of items beside
/// it that is called as Amazon and Goodreads call theirs.
class OneFileReader final : public DatasetReader {
 public:
  std::string name() const override { return "ratings of Amazon, KGRec, Goodreads and others"; }
  std::string looks_for() const override {
    return "one file whose name ends in .csv, .tsv, .dat, .json or .jsonl, perhaps with meta_* or "
           "goodreads_books*";
  }
  bool recognises(const std::filesystem::path& directory) const override;
  Dataset read(const std::filesystem::path& directory, const WantedColumns& wanted, BadLines bad_lines,
               mpi::Communicator& communicator) const override;
};

/// MovieLens in all the forms of GroupLens but the first, RecBole's atomic files, Yelp's JSON Lines, and ratings.csv with items.csv.
std::vector<KnownTables> known_tables();

}  // namespace gemel::ingest
