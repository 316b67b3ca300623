#include "ingest/file_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/error.hpp"
#include "base/even_cuts.hpp"

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
        is_of_this_process(path) ? "mpirun hands on standard input alone: give --train-file "
                                   "/dev/stdin, or the path of a file or named pipe."
                                 : "Check the path and its permissions."));
  }
  return file;
}

/// `line_start(position)` is where the first line begins that starts after a newline at or after `position`.
template <class LineStart>
ByteRange share(std::uint64_t size, int part, int parts, LineStart line_start) {
  const base::EvenCuts cuts(static_cast<std::int64_t>(size), parts);
  const auto start_of = [&](int index) {
    if (index == 0) return std::uint64_t{0};
    return index == parts ? size : line_start(static_cast<std::uint64_t>(cuts.start(index)));
  };
  const std::uint64_t begin = start_of(part);
  return {begin, start_of(part + 1)};
}

std::uint64_t next_line_start(std::ifstream& file, std::uint64_t position, std::uint64_t size) {
  std::vector<char> buffer(1 << 16);
  file.clear();
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

}  // namespace

bool is_stream(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  // Opening a pipe to see whether it can be opened would take the reader away from its writer.
  if (!fs::exists(status) || fs::is_directory(status) || fs::is_regular_file(status)) open(path);
  return is_of_this_process(path) || !fs::is_regular_file(status);
}

std::string read_stream(const fs::path& path) {
  std::ifstream file = open(path);
  std::string bytes;
  constexpr std::size_t piece = 1 << 20;
  std::size_t size = 0;
  do {
    bytes.resize(size + std::max(piece, size / 2));
    file.read(bytes.data() + size, static_cast<std::streamsize>(bytes.size() - size));
    size += static_cast<std::size_t>(file.gcount());
  } while (file);
  if (file.bad()) throw base::DataError(fmt::format("{}: reading it failed.", path.string()));
  bytes.resize(size);
  return bytes;
}

std::uint64_t size_of(const fs::path& path) {
  std::ifstream file = open(path);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  if (size < 0) throw base::DataError(fmt::format("{}: its size cannot be found out.", path.string()));
  return static_cast<std::uint64_t>(size);
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

ByteRange share_of_lines(const fs::path& path, std::uint64_t size, int part, int parts) {
  std::ifstream file = open(path);
  return share(size, part, parts,
               [&](std::uint64_t position) { return next_line_start(file, position, size); });
}

ByteRange share_of_lines(std::string_view bytes, int part, int parts) {
  return share(bytes.size(), part, parts, [&](std::uint64_t position) {
    const std::size_t newline = bytes.find('\n', position);
    return newline == std::string_view::npos ? bytes.size() : newline + 1;
  });
}

}  // namespace gemel::ingest
