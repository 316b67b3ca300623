#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/dataset_reader.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// Names of the columns of files whose first line does not have them.
struct TableNames {
  std::vector<std::string> items = {};
  std::vector<std::string> users = {};
};

/// Reads files of interactions. Users and items are whatever texts stand for them. The catalogue has
/// the distinct items of all the files by (XXH3-64 hash, text), with the column item_id alone. With a validation or a test file the
/// data comes split. Blank lines are skipped.
///
/// Whether the lines are lists ("user item item ...", perhaps with no item at all; the interactions of a line are in its order) or pairs
/// ("user item", perhaps with a rating and a timestamp, or as a heading or `files.columns` says), and what separates their fields, is
/// recognised as recognise_layouts() does, and root says it. Of pairs these columns are rating, which holds whole numbers if all
/// are whole and decimals otherwise, and timestamp, whole, and those others that are `wanted`, as add_typed() takes them. Text becomes UTF-8 as
/// TextSurvey::encoding() says.
///
/// Each rank reads about 1/n of the bytes of each file. Throws AgreedError (data), on all ranks, for files that cannot be read, that
/// have lines that cannot be used, or that hold no interactions. Collective.
/// `files.items` brings the columns of items and makes its items the catalogue, in its order (item_table.hpp), and `files.users` brings columns
/// of users (user_table.hpp).
Dataset read_given_files(const GivenFiles& files, const WantedColumns& wanted,
                         mpi::Communicator& communicator, const TableNames& names = {});

/// A directory with the files train.txt and test.txt, of lists, and perhaps valid.txt or validation.txt.
class SplitListsReader final : public DatasetReader {
 public:
  std::string name() const override { return "lists of items by user"; }
  std::string looks_for() const override {
    return "train.txt and test.txt, perhaps valid.txt or validation.txt";
  }
  bool recognises(const std::filesystem::path& directory) const override;
  Dataset read(const std::filesystem::path& directory, const WantedColumns& wanted, BadLines bad_lines,
               mpi::Communicator& communicator) const override;
};

}  // namespace gemel::ingest
