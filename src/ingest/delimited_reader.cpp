#include "ingest/delimited_reader.hpp"

#include <fmt/format.h>

#include <charconv>
#include <span>
#include <system_error>

#include "ingest/digits.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// Refuses text that there is no memory for. Collective.
void require_memory(const std::filesystem::path& path, double bytes, mpi::Communicator& communicator) {
  mpi::require_memory(bytes, fmt::format("reading {}", path.string()), "take a part of the file",
                      communicator);
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

DelimitedText read_whole(const std::filesystem::path& path, std::string_view separator,
                         mpi::Communicator& communicator) {
  std::string text;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    if (is_read_in_order(path)) {
      text = read_in_order(path);
    } else {
      const FileState state = state_of(path);
      text = read_bytes(path, {0, state.size});
      require_unchanged(path, state);
    }
  });
  std::uint64_t size = text.size();
  communicator.broadcast(std::span(&size, 1));
  require_memory(path, communicator.is_root() ? 0 : static_cast<double>(size), communicator);
  communicator.broadcast(text);
  return {std::move(text), std::string(separator)};
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  if (read_digits(text, number)) return number;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace gemel::ingest
