#include "gemel/ingest/delimited_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <system_error>

#include "gemel/base/error.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

std::ifstream open(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw base::DataError(fmt::format("{}: is a directory where a text file is expected.", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw base::DataError(fmt::format("{}: cannot be opened ({}). Check the path and its permissions.",
                                      path.string(), errno != 0 ? std::strerror(errno) : "unknown reason"));
  }
  return file;
}

std::uint64_t size_of(const std::filesystem::path& path) {
  std::ifstream file = open(path);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  if (size < 0) throw base::DataError(fmt::format("{}: its size cannot be found out.", path.string()));
  return static_cast<std::uint64_t>(size);
}

/// Where the first line begins that starts after a newline at or after `position`.
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

std::string read_bytes(const std::filesystem::path& path, ByteRange range) {
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

std::int64_t count_lines(std::string_view text) {
  const bool open_end = !text.empty() && text.back() != '\n';
  return std::count(text.begin(), text.end(), '\n') + (open_end ? 1 : 0);
}

}  // namespace

std::string_view DelimitedText::take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

void DelimitedText::split(std::string_view line, std::vector<std::string_view>& fields) const {
  fields.clear();
  std::size_t start = 0;
  for (std::size_t end = line.find(separator_); end != std::string_view::npos;
       end = line.find(separator_, start)) {
    fields.push_back(line.substr(start, end - start));
    start = end + separator_.size();
  }
  fields.push_back(line.substr(start));
}

ByteRange share_of_lines(const std::filesystem::path& path, std::uint64_t size, int part, int parts) {
  std::ifstream file = open(path);
  const auto start_of = [&](int index) {
    if (index == 0) return std::uint64_t{0};
    if (index == parts) return size;
    const auto i = static_cast<std::uint64_t>(index);
    const auto n = static_cast<std::uint64_t>(parts);
    return next_line_start(file, size / n * i + size % n * i / n, size);
  };
  const std::uint64_t begin = start_of(part);
  return {begin, start_of(part + 1)};
}

DelimitedText read_share(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator) {
  std::uint64_t size = 0;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) size = size_of(path);
  });
  communicator.broadcast(std::span(&size, 1));
  std::string text;
  mpi::agree(communicator, [&] {
    text = read_bytes(path, share_of_lines(path, size, communicator.rank(), communicator.size()));
  });
  const std::int64_t lines = count_lines(text);
  const std::int64_t first = communicator.sum_before(lines) + 1;
  return {std::move(text), std::string(separator), first, communicator.sum(lines)};
}

DelimitedText read_whole(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator) {
  std::string text;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) text = read_bytes(path, {0, size_of(path)});
  });
  communicator.broadcast(text);
  const std::int64_t lines = count_lines(text);
  return {std::move(text), std::string(separator), 1, lines};
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace gemel::ingest
