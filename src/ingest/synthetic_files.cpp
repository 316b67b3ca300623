#include "ingest/synthetic_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "ingest/prepared_format.hpp"
#include "ingest/prepared_writer.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/synthetic.hpp"
#include "ingest/synthetic_events.hpp"
#include "ingest/synthetic_items.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::int64_t lines_of_piece = 32768;  // of a rank: about a megabyte

/// What a file is made of.
struct FileText {
  std::string name;
  std::string heading;  ///< a whole line, or empty
  std::int64_t lines = 0;
  std::function<void(std::int64_t line, std::string& text)> append;
};

void append_event(const SyntheticEvent& event, char separator, std::string& text) {
  fmt::format_to(std::back_inserter(text), "{1}{0}{2}{0}{3}{0}{4}\n", separator, event.user + 1,
                 event.item_row + 1, event.rating, event.timestamp);
}

/// "7|Lost Galaxy, Orbit (1957)|01-Jan-1957|||0|1|0...": no video date, no address, and a field for each genre.
void append_movielens_item(const SyntheticItems& items, std::int64_t row, std::string& text) {
  const std::string title = items.title(row);
  const std::string_view year = std::string_view(title).substr(title.size() - 5, 4);
  fmt::format_to(std::back_inserter(text), "{}|{}|01-Jan-{}||", row + 1, title, year);
  const auto [first, second] = items.genre_numbers(row);
  for (std::int64_t genre = 0; genre < items.genres(); ++genre)
    text += genre == first || genre == second ? "|1" : "|0";
  text += '\n';
}

std::vector<FileText> movielens_files(const SyntheticOptions& options, const SyntheticItems& items,
                                      const SyntheticEvents& events) {
  return {{"u.genre", "", items.genres(),
           [&](std::int64_t genre, std::string& text) {
             const auto names = items.genre_names();
             fmt::format_to(std::back_inserter(text), "{}|{}\n", names[static_cast<std::size_t>(genre)],
                            genre);
           }},
          {"u.item", "", items.size(),
           [&](std::int64_t row, std::string& text) { append_movielens_item(items, row, text); }},
          {"u.data", "", options.interactions,
           [&](std::int64_t index, std::string& text) { append_event(events.event(index), '\t', text); }}};
}

std::vector<FileText> csv_files(const SyntheticOptions& options, const SyntheticItems& items,
                                const SyntheticEvents& events) {
  return {{"items.csv", "item_id,title,genres\n", items.size(),
           [&](std::int64_t row, std::string& text) {  // a title has a comma, and no quote
             fmt::format_to(std::back_inserter(text), "{},\"{}\",{}\n", row + 1, items.title(row),
                            items.genres(row));
           }},
          {"ratings.csv", "user_id,item_id,rating,timestamp\n", options.interactions,
           [&](std::int64_t index, std::string& text) { append_event(events.event(index), ',', text); }}};
}

/// `file` is null but on root. Collective.
void write_text(const FileText& content, base::OutputFile* file, mpi::Communicator& communicator,
                const SyntheticProgress& progress) {
  mpi::agree(communicator, [&] {
    if (file != nullptr) file->write(content.heading);
  });
  std::string mine;
  for (std::int64_t first = 0; first < content.lines; first += lines_of_piece * communicator.size()) {
    const std::int64_t begin = std::min(first + lines_of_piece * communicator.rank(), content.lines);
    const std::int64_t end = std::min(begin + lines_of_piece, content.lines);
    mine.clear();
    for (std::int64_t line = begin; line < end; ++line) content.append(line, mine);
    const std::string piece = bytes_on_root(mine, communicator);
    mpi::agree(communicator, [&] {
      if (file != nullptr) file->write(piece);
    });
    if (file == nullptr) continue;
    progress(content.name, std::min(first + lines_of_piece * communicator.size(), content.lines),
             content.lines, file->size());
  }
}

/// Collective.
std::vector<base::WrittenFile> write_hdf5(const SyntheticOptions& options, const SyntheticFiles& files,
                                          mpi::Communicator& communicator) {
  const std::filesystem::path path = files.directory / prepared_name;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    base::make_directory(files.directory);
    base::require_free(path, files.replace);
  });
  write_prepared(path, synthesize(options, communicator), "trainer synthesize", files.replace, communicator);
  std::vector<base::WrittenFile> written;
  if (communicator.is_root()) written.push_back({path, std::filesystem::file_size(path)});
  return written;
}

}  // namespace

std::vector<base::WrittenFile> write_synthetic(const SyntheticOptions& options, const SyntheticFiles& files,
                                               mpi::Communicator& communicator,
                                               const SyntheticProgress& progress) {
  check(options);
  if (files.format == SyntheticFormat::hdf5) return write_hdf5(options, files, communicator);
  const SyntheticItems items(options);
  const SyntheticEvents events(options, items);
  const std::vector<FileText> contents = files.format == SyntheticFormat::csv
                                             ? csv_files(options, items, events)
                                             : movielens_files(options, items, events);
  std::optional<base::OutputFiles> outputs;  // on root
  std::vector<base::OutputFile*> output_of(contents.size(), nullptr);
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    outputs.emplace(files.directory, files.replace);
    for (std::size_t i = 0; i < contents.size(); ++i) output_of[i] = &outputs->add(contents[i].name);
  });
  for (std::size_t i = 0; i < contents.size(); ++i)
    write_text(contents[i], output_of[i], communicator, progress);
  std::vector<base::WrittenFile> written;
  mpi::agree(communicator, [&] {
    if (outputs) written = outputs->commit();
  });
  return written;
}

}  // namespace gemel::ingest
