#include "ingest/delimited_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <system_error>

#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// What a line takes beside its text while it is read, at least: a user and an item with 8 bytes and some characters each, a rating, a
/// time, and the item's row. (Measured: 3 times the text of lines like "12,345,5,880000000". A line of a user and many items takes as much for
/// each of these.)
constexpr double line_bytes = 46;

/// Refuses text that there is no memory for. Collective.
void require_memory(const std::filesystem::path& path, double bytes, mpi::Communicator& communicator) {
  mpi::require_memory(bytes, fmt::format("reading {}", path.string()), "take a part of the file",
                      communicator);
}

std::int64_t count_lines(std::string_view text) {
  const bool open_end = !text.empty() && text.back() != '\n';
  return std::count(text.begin(), text.end(), '\n') + (open_end ? 1 : 0);
}

/// Root reads the stream and gives every rank its lines. Collective.
std::string deal_stream(const std::filesystem::path& path, mpi::Communicator& communicator) {
  std::string bytes;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) bytes = read_stream(path);
  });
  if (communicator.size() == 1) return bytes;
  std::vector<std::size_t> to_ranks;
  for (int rank = 0; rank < communicator.size(); ++rank) {
    const ByteRange range = share_of_lines(bytes, rank, communicator.size());
    to_ranks.push_back(range.end - range.begin);
  }
  std::vector<std::size_t> from_ranks;
  const std::vector<char> share = communicator.all_to_all(std::span<const char>(bytes), to_ranks, from_ranks);
  return {share.begin(), share.end()};
}

/// This rank's part of a file that can be read from anywhere. Collective.
std::string read_own_share(const std::filesystem::path& path, mpi::Communicator& communicator) {
  std::uint64_t size = 0;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) size = size_of(path);
  });
  communicator.broadcast(std::span(&size, 1));
  require_memory(path, static_cast<double>(size) / communicator.size(), communicator);
  std::string text;
  mpi::agree(communicator, [&] {
    text = read_bytes(path, share_of_lines(path, size, communicator.rank(), communicator.size()));
  });
  return text;
}

/// Whether root can read the file only once. Collective.
bool is_stream_for_root(const std::filesystem::path& path, mpi::Communicator& communicator) {
  int answer = 0;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) answer = is_stream(path) ? 1 : 0;
  });
  communicator.broadcast(std::span(&answer, 1));
  return answer != 0;
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

DelimitedText read_share(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator) {
  std::string text = is_stream_for_root(path, communicator) ? deal_stream(path, communicator)
                                                            : read_own_share(path, communicator);
  const std::int64_t lines = count_lines(text);
  require_memory(path, line_bytes * static_cast<double>(lines), communicator);
  const std::int64_t first = communicator.sum_before(lines) + 1;
  return {std::move(text), std::string(separator), first, communicator.sum(lines)};
}

DelimitedText read_whole(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator) {
  std::string text;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    text = is_stream(path) ? read_stream(path) : read_bytes(path, {0, size_of(path)});
  });
  std::uint64_t size = text.size();
  communicator.broadcast(std::span(&size, 1));
  require_memory(path, communicator.is_root() ? 0 : static_cast<double>(size), communicator);
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
