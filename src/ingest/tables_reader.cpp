#include "ingest/tables_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
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

/// The names of tables in a directory.
std::vector<fs::path> tables_in(const fs::path& directory) {
  std::error_code error;
  std::vector<fs::path> tables;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->is_regular_file(error) && is_table_name(entry->path().filename().string()))
      tables.push_back(entry->path());
  }
  return tables;
}

}  // namespace

bool is_table_name(const std::string& name) {
  std::string_view rest = name;
  for (const std::string_view packed : {".gz", ".bz2", ".zst"})
    if (rest.ends_with(packed)) rest.remove_suffix(packed.size());
  constexpr std::array<std::string_view, 5> endings = {".csv", ".tsv", ".dat", ".json", ".jsonl"};
  return std::ranges::any_of(endings, [&](std::string_view ending) { return rest.ends_with(ending); });
}

bool OneFileReader::recognises(const fs::path& directory) const {
  return tables_in(directory).size() == 1;
}

Dataset OneFileReader::read(const fs::path& directory, const WantedColumns& wanted,
                            mpi::Communicator& communicator) const {
  std::string path;
  if (communicator.is_root()) path = tables_in(directory).front().string();
  communicator.broadcast(path);
  GivenFiles files;
  files.ratings = {path};
  return read_given_files(files, wanted, communicator);
}

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
