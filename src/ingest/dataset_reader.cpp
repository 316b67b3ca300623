#include "ingest/dataset_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/file_layout.hpp"
#include "ingest/file_magic.hpp"
#include "ingest/given_files.hpp"
#include "ingest/movielens.hpp"
#include "ingest/prepared_reader.hpp"
#include "ingest/synthetic.hpp"
#include "ingest/tables_reader.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

using Readers = std::vector<std::unique_ptr<DatasetReader>>;

/// In the order in which they are asked.
Readers known_readers() {
  Readers readers;
  readers.push_back(std::make_unique<MovieLens100kReader>());
  for (const KnownTables& tables : known_tables()) readers.push_back(std::make_unique<TablesReader>(tables));
  readers.push_back(std::make_unique<SplitListsReader>());
  readers.push_back(std::make_unique<OneFileReader>());
  readers.push_back(std::make_unique<PreparedReader>());
  return readers;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error)
    throw base::DataError(
        fmt::format("--data {}: cannot be listed ({}).", directory.string(), error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

/// What --ratings would make of the files, where one of them can be read; else nothing. Not collective.
std::string reading_of_files(const fs::path& directory, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const fs::path path = directory / name;
    if (!is_table_name(name)) continue;
    try {
      const std::uint64_t size = std::min<std::uint64_t>(state_of(path).size, FileSample::most_bytes);
      const std::string head = read_bytes(path, {0, size});
      refuse_other_formats(path, head.substr(0, 512));
      std::vector<SampledFile> files;
      files.push_back({path, FileSample(head)});
      const FileLayout layout = recognise_layouts(files, FileFormat::automatic, {}, {}).front();
      const std::string columns =
          layout.format == FileFormat::pairs && layout.heading == 0 && layout.keys.empty()
              ? fmt::format(" --columns {}", layout.columns.describe(","))
              : "";
      return fmt::format("--ratings {}{} would read {}. ", path.string(), columns, layout.description);
    } catch (const base::DataError& error) {
      continue;
    }
  }
  return "";
}

[[noreturn]] void throw_unrecognised(const fs::path& directory, const Readers& readers) {
  constexpr std::size_t most_listed = 8;
  std::vector<std::string> formats;
  for (const auto& reader : readers)
    formats.push_back(fmt::format("{} ({})", reader->looks_for(), reader->name()));
  std::vector<std::string> names = names_in(directory);
  const std::string looked_for = fmt::format("Looked for: {}.", fmt::join(formats, "; "));
  const std::string remedy =
      "Give --data a directory that holds these, name files of interactions with --ratings, or give no "
      "--data for the built-in synthetic data.";
  if (names.empty()) {
    throw base::DataError(
        fmt::format("--data {}: the directory is empty. {} {}", directory.string(), looked_for, remedy));
  }
  const std::string reading = reading_of_files(directory, names);
  if (names.size() > most_listed) {
    names.resize(most_listed);
    names.emplace_back("...");
  }
  throw base::DataError(fmt::format("--data {}: holds no data set of a known format. {} Found: {}. {}{}",
                                    directory.string(), looked_for, fmt::join(names, ", "), reading, remedy));
}

/// The index of the reader that recognises `directory`. Throws DataError. Not collective.
std::size_t choose_reader(const fs::path& directory, const Readers& readers) {
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (!fs::exists(status)) {
    throw base::DataError(
        fmt::format("--data {}: there is no such directory{}. Check the path; relative paths start "
                    "where the program was started.",
                    directory.string(),
                    error && status.type() != fs::file_type::not_found ? " (" + error.message() + ")" : ""));
  }
  for (std::size_t index = 0; index < readers.size(); ++index) {
    if (readers[index]->recognises(directory)) return index;
  }
  if (!fs::is_directory(status)) {
    throw base::DataError(fmt::format(
        "--data {0}: is neither a directory nor prepared data. Give the directory that holds the files, or "
        "name a file of interactions with --ratings {0}.",
        directory.string()));
  }
  throw_unrecognised(directory, readers);
}

/// The reader that recognises `directory`, as root sees it. Collective.
std::unique_ptr<DatasetReader> reader_of(const fs::path& directory, mpi::Communicator& communicator) {
  Readers readers = known_readers();
  std::size_t chosen = 0;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) chosen = choose_reader(directory, readers);
  });
  communicator.broadcast(std::span(&chosen, 1));
  return std::move(readers[chosen]);
}

std::optional<UsersFile> given_users_file(const GivenFiles& files) {
  if (files.users.empty()) return std::nullopt;
  UsersFile users{files.users};
  const auto named = std::ranges::find(files.columns.named, PairColumn::user, &NamedColumn::column);
  if (named != files.columns.named.end()) users.id_name = named->name;
  return users;
}

}  // namespace

Dataset read_dataset(const DataOptions& options, const WantedColumns& wanted,
                     mpi::Communicator& communicator) {
  if (options.files.are_given()) return read_given_files(options.files, wanted, communicator);
  if (options.directory.empty()) return synthesize(options.synthetic, communicator);
  return reader_of(options.directory, communicator)
      ->read(options.directory, wanted, options.files.bad_lines, communicator);
}

std::optional<UserTable> read_users(const DataOptions& options, const WantedColumns& wanted,
                                    mpi::Communicator& communicator) {
  const BadLines bad_lines = options.files.bad_lines;
  std::optional<UsersFile> file;
  if (options.files.are_given()) {
    file = given_users_file(options.files);
  } else if (!options.directory.empty()) {
    const auto reader = reader_of(options.directory, communicator);
    if (reader->has_joined_users()) {
      const Dataset dataset = reader->read(options.directory, wanted, bad_lines, communicator);
      return UserTable(dataset.interactions, wanted, options.directory, communicator);
    }
    file = reader->users_file(options.directory, communicator);
  }
  if (!file) return std::nullopt;
  return UserTable(*file, wanted, bad_lines, communicator);
}

}  // namespace gemel::ingest
