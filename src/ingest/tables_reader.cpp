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

/// The files of that name, in which "*" may stand for any text; in order.
std::vector<fs::path> files_named(const fs::path& directory, const std::string& name) {
  std::error_code error;
  std::vector<fs::path> files;
  const std::size_t star = name.find('*');
  if (star == std::string::npos) {
    if (fs::exists(directory / name, error)) files.push_back(directory / name);
    return files;
  }
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string found = entry->path().filename().string();
    if (found.starts_with(name.substr(0, star)) && found.ends_with(name.substr(star + 1)))
      files.push_back(entry->path());
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

/// A file's name without the endings of compressed ones.
std::string_view unpacked_name(std::string_view name) {
  for (const std::string_view packed : {".gz", ".bz2", ".zst"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  return name;
}

/// Whether a file's name is one that those who publish interactions give to what they know of items.
bool is_name_of_items(const std::string& name) {
  return name.starts_with("meta_") || name.starts_with("goodreads_books");
}

/// The tables of a directory.
struct FoundTables {
  std::vector<fs::path> interactions;
  std::vector<fs::path> items;

  bool are_clear() const { return interactions.size() == 1 && items.size() <= 1; }
};

FoundTables tables_in(const fs::path& directory) {
  std::error_code error;
  FoundTables tables;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!entry->is_regular_file(error) || !is_table_name(name)) continue;
    (is_name_of_items(name) ? tables.items : tables.interactions).push_back(entry->path());
  }
  return tables;
}

}  // namespace

bool is_table_name(const std::string& name) {
  constexpr std::array<std::string_view, 5> endings = {".csv", ".tsv", ".dat", ".json", ".jsonl"};
  return std::ranges::any_of(endings,
                             [&](std::string_view ending) { return unpacked_name(name).ends_with(ending); });
}

bool OneFileReader::recognises(const fs::path& directory) const {
  return tables_in(directory).are_clear();
}

Dataset OneFileReader::read(const fs::path& directory, const WantedColumns& wanted, BadLines bad_lines,
                            mpi::Communicator& communicator) const {
  std::string interactions;
  std::string items;
  if (communicator.is_root()) {
    const FoundTables tables = tables_in(directory);
    interactions = tables.interactions.front().string();
    if (!tables.items.empty()) items = tables.items.front().string();
  }
  communicator.broadcast(interactions);
  communicator.broadcast(items);
  GivenFiles files;
  files.ratings = {interactions};
  files.items = items;
  files.bad_lines = bad_lines;
  // Tables with such names are no lists; those of .dat may be either.
  if (!unpacked_name(interactions).ends_with(".dat")) files.format = FileFormat::pairs;
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

std::optional<UsersFile> TablesReader::users_file(const fs::path& directory,
                                                  mpi::Communicator& communicator) const {
  std::string users;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root() || tables_.users.empty()) return;
    if (const auto file = file_named(directory, tables_.users)) users = file->string();
  });
  communicator.broadcast(users);
  if (users.empty()) return std::nullopt;
  return UsersFile{users, tables_.names.users};
}

Dataset TablesReader::read(const fs::path& directory, const WantedColumns& wanted, BadLines bad_lines,
                           mpi::Communicator& communicator) const {
  std::string interactions;
  std::string items;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    interactions = file_named(directory, tables_.interactions)->string();
    if (const auto file = file_named(directory, tables_.items)) items = file->string();
  });
  communicator.broadcast(interactions);
  communicator.broadcast(items);
  GivenFiles files;
  files.ratings = {interactions};
  files.items = items;
  if (const auto users = users_file(directory, communicator)) files.users = users->path.string();
  files.format = FileFormat::pairs;
  files.columns.fields = tables_.columns;
  files.bad_lines = bad_lines;
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
      {"Yelp", "*_review.json", "*_business.json", true, {}, {}, "*_user.json"},
      {"RecBole's atomic files", "*.inter", "*.item", false, {}, {}, "*.user"},
  };
}

}  // namespace gemel::ingest
