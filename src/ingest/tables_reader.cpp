#include "ingest/tables_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <system_error>

#include "base/error.hpp"
#include "ingest/given_files.hpp"
#include "ingest/item_table.hpp"
#include "ingest/pair_columns.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

/// The files of that name, "*" for any beginning; in order.
std::vector<fs::path> files_named(const fs::path& directory, const std::string& name) {
  std::error_code error;
  std::vector<fs::path> files;
  if (!name.starts_with('*')) {
    if (fs::exists(directory / name, error)) files.push_back(directory / name);
    return files;
  }
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().ends_with(name.substr(1))) files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

/// The one file of that name; nothing where there is none. Throws DataError where there are several.
std::optional<fs::path> file_named(const fs::path& directory, const std::string& name) {
  const std::vector<fs::path> files = files_named(directory, name);
  if (files.size() > 1) {
    throw base::DataError(
        fmt::format("--data {}: holds {} and {}. Leave one, or name the files with --ratings "
                    "and --items",
                    directory.string(), files[0].filename().string(), files[1].filename().string()));
  }
  return files.empty() ? std::nullopt : std::optional(files.front());
}

}  // namespace

std::string TablesReader::looks_for() const {
  return fmt::format("{}{} {}", tables_.interactions, tables_.needs_items ? " and" : ", perhaps",
                     tables_.items);
}

bool TablesReader::recognises(const fs::path& directory) const {
  return !files_named(directory, tables_.interactions).empty() &&
         (!tables_.needs_items || !files_named(directory, tables_.items).empty());
}

Dataset TablesReader::read(const fs::path& directory, const WantedColumns& wanted,
                           mpi::Communicator& communicator) const {
  std::string interactions;
  std::string items;
  std::string users;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    interactions = file_named(directory, tables_.interactions)->string();
    if (const auto file = file_named(directory, tables_.items)) items = file->string();
    if (tables_.users.empty()) return;
    if (const auto file = file_named(directory, tables_.users)) users = file->string();
  });
  communicator.broadcast(interactions);
  communicator.broadcast(items);
  communicator.broadcast(users);
  GivenFiles files;
  files.ratings = {interactions};
  files.items = items;
  files.users = users;
  files.format = FileFormat::pairs;
  files.columns.fields = tables_.columns;
  return read_given_files(files, wanted, communicator, tables_.names);
}

std::vector<KnownTables> known_tables() {
  const PairColumns four = parse_pair_columns("user,item,rating,timestamp");
  return {
      {"MovieLens 1M and 10M",
       "ratings.dat",
       "movies.dat",
       true,
       four,
       {{"item_id", "title", "genres"}, {"user_id", "gender", "age", "occupation", "zip_code"}},
       "users.dat"},
      {"MovieLens 20M, 25M, 32M and latest", "ratings.csv", "movies.csv", true, {}, {}, {}},
      {"ratings and items", "ratings.csv", "items.csv", true, {}, {}, "users.csv"},
      {"RecBole's atomic files", "*.inter", "*.item", false, {}, {}, "*.user"},
  };
}

}  // namespace gemel::ingest
