#include "ingest/file_bytes.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.hpp"
#include "base/memory.hpp"
#include "ingest/reading_progress.hpp"
#include "ingest/unpack.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

/// Whether the path names what this process has open already, which is another file in every process.
bool is_of_this_process(const fs::path& path) {
  const std::string name = path.string();
  return name == "/dev/stdin" || name.starts_with("/dev/fd/") || name.starts_with("/proc/self/fd/");
}

std::ifstream open(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(fs::status(path, error))) {
    throw base::DataError(fmt::format("{}: is a directory where a text file is expected.", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw base::DataError(fmt::format(
        "{}: cannot be opened ({}). {}", path.string(), errno != 0 ? std::strerror(errno) : "unknown reason",
        is_of_this_process(path) ? "mpirun hands on standard input alone: give --ratings "
                                   "/dev/stdin, or the path of a file or named pipe."
                                 : "Check the path and its permissions."));
  }
  return file;
}

FileState found_state(const fs::path& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) {
    throw base::DataError(fmt::format("{}: cannot be found any more ({}). Start again when it is there.",
                                      path.string(), std::strerror(errno)));
  }
  return {static_cast<std::uint64_t>(found.st_size),
          std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

constexpr std::size_t piece_size = std::size_t{1} << 20;
constexpr std::size_t longest_line = std::size_t{1} << 30;

/// Refuses what this machine has no memory for, before it is taken: a text may double its room when it grows.
void require_memory(const fs::path& path, const std::string& bytes) {
  const bool grows = bytes.capacity() - bytes.size() < piece_size;
  if (!grows || bytes.size() < longest_line ||
      2 * static_cast<std::int64_t>(bytes.capacity()) < base::available_memory())
    return;
  throw base::DataError(fmt::format(
      "{}: comes to more than {} bytes, and this machine has no memory for all of it. A file that is not "
      "compressed is read piece by piece: write it to disk, unpacked.",
      path.string(), bytes.size()));
}

/// A piece of a file as it is read, of which the beginning of a line is left over from the piece before.
class PieceBuffer {
 public:
  /// Reads up to `size` bytes more, and returns how many.
  std::size_t fill(std::ifstream& file, std::uint64_t size) {
    const std::size_t count = std::min<std::uint64_t>(size, piece_size);
    if (bytes_.size() < used_ + count) bytes_.resize(used_ + count);
    file.read(bytes_.data() + used_, static_cast<std::streamsize>(count));
    const auto read = static_cast<std::size_t>(file.gcount());
    used_ += read;
    return read;
  }

  /// The whole lines that are there.
  std::string_view lines() const {
    const std::string_view all = rest();
    return all.substr(0, all.rfind('\n') + 1);  // npos + 1 is 0
  }
  std::string_view rest() const { return {bytes_.data(), used_}; }
  void drop(std::size_t count) {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(count),
              bytes_.begin() + static_cast<std::ptrdiff_t>(used_), bytes_.begin());
    used_ -= count;
  }

 private:
  std::vector<char> bytes_;
  std::size_t used_ = 0;
};

}  // namespace

bool is_stream(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  // Opening a pipe to see whether it can be opened would take the reader away from its writer.
  if (!fs::exists(status) || fs::is_directory(status) || fs::is_regular_file(status)) open(path);
  return is_of_this_process(path) || !fs::is_regular_file(status);
}

bool is_read_in_order(const fs::path& path) {
  if (is_stream(path)) return true;
  std::array<char, packing_magic_bytes> head{};
  std::ifstream file = open(path);
  file.read(head.data(), head.size());
  return packing_of({head.data(), static_cast<std::size_t>(file.gcount())}).has_value();
}

std::string read_in_order(const fs::path& path) {
  std::ifstream file = open(path);
  std::vector<char> piece(piece_size);
  std::string bytes;
  std::optional<Unpacker> unpacker;
  for (bool is_first = true; file; is_first = false) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    std::string_view packed(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (const auto packing = is_first ? packing_of(packed) : std::nullopt) unpacker.emplace(*packing, path);
    if (!unpacker) bytes += packed;
    for (; unpacker && !packed.empty(); require_memory(path, bytes))
      unpacker->add_some(packed, bytes, piece_size);
    require_memory(path, bytes);
    note_reading(static_cast<std::uint64_t>(file.gcount()));
  }
  if (file.bad()) throw base::DataError(fmt::format("{}: reading it failed.", path.string()));
  if (unpacker) unpacker->finish();
  return bytes;
}

FileState state_of(const fs::path& path) {
  open(path);
  return found_state(path);
}

void require_unchanged(const fs::path& path, const FileState& state) {
  const FileState now = found_state(path);
  if (now == state) return;
  throw base::DataError(
      fmt::format("{}: changed while it was read: it had {} bytes at first, and has {} now. Start again "
                  "when whoever writes it is done.",
                  path.string(), state.size, now.size));
}

std::string read_bytes(const fs::path& path, ByteRange range) {
  std::ifstream file = open(path);
  file.seekg(static_cast<std::streamoff>(range.begin));
  std::string bytes(range.end - range.begin, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad() || file.gcount() != static_cast<std::streamsize>(bytes.size())) {
    throw base::DataError(fmt::format("{}: reading bytes {} to {} failed. Is the file still being written?",
                                      path.string(), range.begin, range.end));
  }
  return bytes;
}

std::uint64_t next_line_start(const fs::path& path, std::uint64_t position, std::uint64_t size) {
  std::ifstream file = open(path);
  std::vector<char> buffer(1 << 16);
  file.seekg(static_cast<std::streamoff>(position));
  while (position < size) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    if (count == 0) break;
    if (const void* newline = std::memchr(buffer.data(), '\n', count)) {
      return position + static_cast<std::uint64_t>(static_cast<const char*>(newline) - buffer.data()) + 1;
    }
    position += count;
  }
  return size;
}

std::uint64_t next_line_start(std::string_view bytes, std::uint64_t position) {
  const std::size_t newline = bytes.find('\n', position);
  return newline == std::string_view::npos ? bytes.size() : newline + 1;
}

void read_lines(const fs::path& path, ByteRange range, const FileState& state,
                const std::function<void(std::string_view)>& visit) {
  if (range.begin == range.end) return;
  std::ifstream file = open(path);
  file.seekg(static_cast<std::streamoff>(range.begin));
  PieceBuffer buffer;
  for (std::uint64_t left = range.end - range.begin; left > 0;) {
    const std::size_t count = buffer.fill(file, left);
    left -= count;
    require_unchanged(path, state);
    if (count == 0) throw base::DataError(fmt::format("{}: reading it failed.", path.string()));
    const std::string_view lines = left == 0 ? buffer.rest() : buffer.lines();
    if (!lines.empty()) visit(lines);
    buffer.drop(lines.size());
    if (buffer.rest().size() > longest_line) {
      throw base::DataError(
          fmt::format("{}: has a line of more than {} bytes: is it text, with a line for each interaction?",
                      path.string(), longest_line));
    }
  }
}

}  // namespace gemel::ingest
