#include "ingest/text_share.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "ingest/file_magic.hpp"
#include "ingest/reading_progress.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

/// A file that is being opened.
struct OpenFile {
  fs::path path;
  std::uint64_t size = 0;
  std::int64_t changed = 0;  // when, as FileState has it
  std::uint64_t start = 0;   // of its bytes among those of all files
  bool is_here = false;      // on root, in memory
  std::string bytes = {};
};

/// What root finds of a file. Throws DataError.
OpenFile open_on_root(const fs::path& path) {
  OpenFile file{.path = path};
  file.is_here = is_read_in_order(path);
  if (file.is_here) {
    file.bytes = read_in_order(path);
    file.size = file.bytes.size();
  } else {
    const FileState state = state_of(path);
    file.size = state.size;
    file.changed = state.changed;
  }
  return file;
}

/// The files, as root finds them; their bytes are on root alone. Collective.
std::vector<OpenFile> open_all(std::span<const fs::path> paths, mpi::Communicator& communicator) {
  std::vector<OpenFile> files;
  std::uint64_t start = 0;
  for (const fs::path& path : paths) {
    OpenFile file{.path = path};
    mpi::agree(communicator, [&] {
      if (communicator.is_root()) file = open_on_root(path);
    });
    std::array<std::uint64_t, 3> found = {file.size, file.is_here ? 1U : 0U,
                                          static_cast<std::uint64_t>(file.changed)};
    communicator.broadcast(std::span<std::uint64_t>(found));
    file.size = found[0];
    file.is_here = found[1] == 1;
    file.changed = static_cast<std::int64_t>(found[2]);
    file.start = start;
    start += file.size;
    files.push_back(std::move(file));
  }
  return files;
}

/// Where in `file` the share of part `part` begins, if the cut before it is in this file, or else at which end: after the first newline at
/// or after the cut.
template <class LineStart>
std::uint64_t begin_in(const OpenFile& file, const base::EvenCuts& cuts, int part, LineStart line_start) {
  const auto cut = static_cast<std::uint64_t>(cuts.start(part));
  if (part == 0 || cut <= file.start) return 0;
  if (part == cuts.parts() || cut - file.start >= file.size) return file.size;
  return line_start(cut - file.start);
}

/// Where the shares of a file that root has in memory begin, and where the last one ends; known to root.
std::vector<std::size_t> begins_of(const OpenFile& file, const base::EvenCuts& cuts) {
  std::vector<std::size_t> begins;
  for (int part = 0; part <= cuts.parts(); ++part) {
    begins.push_back(
        begin_in(file, cuts, part, [&](std::uint64_t at) { return next_line_start(file.bytes, at); }));
  }
  return begins;
}

/// This rank's part of `bytes`, which root has, and so many of them for each rank. Collective.
std::string deal(std::string_view bytes, const std::vector<std::size_t>& to_ranks,
                 mpi::Communicator& communicator) {
  std::vector<std::size_t> from_ranks;
  const std::vector<char> part = communicator.all_to_all(std::span<const char>(bytes), to_ranks, from_ranks);
  return {part.begin(), part.end()};
}

/// Of a file that root has in memory, this rank's share and what comes after it. Collective.
void deal_share(const OpenFile& file, const base::EvenCuts& cuts, ShareBytes& share,
                mpi::Communicator& communicator) {
  const auto ranks = static_cast<std::size_t>(communicator.size());
  std::vector<std::size_t> own(ranks, 0);
  std::vector<std::size_t> next(ranks, 0);
  std::string after;
  if (communicator.is_root()) {
    const std::vector<std::size_t> begins = begins_of(file, cuts);
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      own[rank] = begins[rank + 1] - begins[rank];
      next[rank] = std::min(file.bytes.size() - begins[rank + 1], RecordJoiner::most_bytes);
      after.append(file.bytes, begins[rank + 1], next[rank]);
    }
  }
  share.bytes = deal(file.bytes, own, communicator);
  share.after = deal(after, next, communicator);
}

/// Collective.
ShareBytes share_of(OpenFile file, const base::EvenCuts& cuts, mpi::Communicator& communicator) {
  ShareBytes share{.path = file.path, .range = {}, .state = {}};
  share.is_here = file.is_here;
  if (file.is_here) {
    const double size = static_cast<double>(file.size);
    mpi::require_memory(size / communicator.size(), fmt::format("reading {}", file.path.string()),
                        "take a part of the file, or write it to disk first", communicator);
    if (communicator.size() == 1) {
      share.bytes = std::move(file.bytes);
    } else {
      deal_share(file, cuts, share, communicator);
    }
    const auto before =
        static_cast<std::uint64_t>(communicator.sum_before(static_cast<std::int64_t>(share.bytes.size())));
    share.range = {before, before + share.bytes.size()};
    return share;
  }
  mpi::agree(communicator, [&] {
    share.state = {file.size, file.changed};
    require_unchanged(file.path, share.state);
    const auto line_start = [&](std::uint64_t at) { return next_line_start(file.path, at, file.size); };
    share.range = {begin_in(file, cuts, communicator.rank(), line_start),
                   begin_in(file, cuts, communicator.rank() + 1, line_start)};
  });
  return share;
}

/// The beginning of the file, on every rank. Collective.
std::string head_of(const OpenFile& file, mpi::Communicator& communicator) {
  std::string head;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    const std::uint64_t size = std::min<std::uint64_t>(file.size, FileSample::most_bytes);
    head = file.is_here ? file.bytes.substr(0, size) : read_bytes(file.path, {0, size});
    if (size < file.size) head.resize(head.rfind('\n') + 1);  // whole lines
  });
  communicator.broadcast(head);
  return head;
}

/// Refuses a file with more interactions than there is memory for, by the mean line of its beginning. Bytes of a line: a user and an item, 8;
/// a rating and a time, 16; the item's row, 4. Collective.
void require_memory(const OpenFile& file, std::string_view head, mpi::Communicator& communicator) {
  constexpr double line_bytes = 28;
  const auto lines = static_cast<double>(std::ranges::count(head, '\n') + 1);
  const double all = static_cast<double>(file.size) * lines / static_cast<double>(head.size() + 1);
  mpi::require_memory(line_bytes * all / communicator.size(), fmt::format("reading {}", file.path.string()),
                      "take a part of the file", communicator);
}

}  // namespace

std::vector<TextShare> open_texts(std::span<const fs::path> paths, mpi::Communicator& communicator) {
  std::vector<OpenFile> files = open_all(paths, communicator);
  std::uint64_t size = 0;
  for (const OpenFile& file : files) size += file.size;
  const base::EvenCuts cuts(static_cast<std::int64_t>(size), communicator.size());
  begin_reading(size, TextShare::looks * size / static_cast<std::uint64_t>(communicator.size()));
  std::vector<TextShare> shares;
  for (OpenFile& file : files) {
    const std::string head = head_of(file, communicator);
    require_memory(file, head, communicator);
    shares.emplace_back(share_of(std::move(file), cuts, communicator), head, communicator);
  }
  std::uint64_t own = 0;
  for (const TextShare& share : shares) own += TextShare::looks * share.size();
  expect_reading(own);
  return shares;
}

TextShare::TextShare(ShareBytes bytes, std::string_view head, mpi::Communicator& communicator)
    : bytes_(std::move(bytes)), sample_({}) {
  mpi::agree(communicator, [&] { refuse_other_formats(bytes_.path, head.substr(0, 512)); });
  TextSurvey survey(bytes_.range.begin == 0);
  mpi::agree(communicator, [&] { for_each_piece([&](std::string_view piece) { survey.add(piece); }); });
  lines_ = survey.lines();
  first_line_ = communicator.sum_before(lines_) + 1;
  encoding_ = survey.encoding(bytes_.path, first_line_, communicator);
  const bool is_utf8 = encoding_ == Encoding::utf8;
  sample_ = FileSample(is_utf8 ? std::string(without_mark(head)) : windows_1252_to_utf8(head));
  is_surveyed_ = true;
}

void TextShare::for_each_piece(const std::function<void(std::string_view)>& visit) const {
  bool is_first = is_surveyed_ && bytes_.range.begin == 0;
  const auto visit_bytes = [&](std::string_view piece) {
    if (std::exchange(is_first, false)) piece = without_mark(piece);
    if (encoding_ == Encoding::utf8) return visit(piece);
    visit(windows_1252_to_utf8(piece));
  };
  if (bytes_.is_here) {
    if (bytes_.bytes.empty()) return;
    visit_bytes(bytes_.bytes);
    note_reading(bytes_.bytes.size());
  } else {
    read_lines(bytes_.path, bytes_.range, bytes_.state, [&](std::string_view piece) {
      visit_bytes(piece);
      note_reading(piece.size());
    });
  }
}

std::string TextShare::following() const {
  std::string bytes = bytes_.after;
  if (!bytes_.is_here) {
    const std::uint64_t left = bytes_.state.size - bytes_.range.end;
    bytes = read_bytes(
        bytes_.path,
        {bytes_.range.end, bytes_.range.end + std::min<std::uint64_t>(left, RecordJoiner::most_bytes)});
    require_unchanged(bytes_.path, bytes_.state);
  }
  return encoding_ == Encoding::utf8 ? bytes : windows_1252_to_utf8(bytes);
}

std::int64_t TextShare::first_record_line(std::int64_t next_line, mpi::Communicator& communicator) const {
  const std::vector<std::int64_t> of_ranks = communicator.all_gather(next_line);
  std::int64_t first = first_line_;
  for (int rank = 0; rank < communicator.rank(); ++rank)
    first = std::max(first, of_ranks[static_cast<std::size_t>(rank)]);
  return first;
}

}  // namespace gemel::ingest
