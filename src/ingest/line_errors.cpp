#include "ingest/line_errors.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <sstream>

#include "ingest/text_encoding.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t most_listed = 10;
constexpr std::size_t longest_quote = 60;

/// Characters that show nothing, or only room: blanks of other kinds, marks of width 0 or of direction, and control characters. First and last
/// of each range.
constexpr std::pair<std::uint32_t, std::uint32_t> invisible[] = {
    {0x80, 0xa0},     {0xad, 0xad},     {0x61c, 0x61c},   {0x1680, 0x1680},
    {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
    {0x3000, 0x3000}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

/// The number of a character of UTF-8 of several bytes.
std::uint32_t code_of(std::string_view character) {
  std::uint32_t code = static_cast<unsigned char>(character[0]) & (0xffU >> (character.size() + 1));
  for (const char byte : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  return code;
}

/// The character itself, or its number if it cannot be seen.
std::string visible(std::string_view character) {
  const std::uint32_t code = code_of(character);
  const bool is_hidden = std::ranges::any_of(
      invisible, [&](const auto& range) { return code >= range.first && code <= range.second; });
  return is_hidden ? fmt::format("\\u{:04x}", code) : std::string(character);
}

}  // namespace

std::string quote(std::string_view text) {
  std::size_t length = std::min(text.size(), longest_quote);
  if (length < text.size()) {
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  }
  std::string quoted = "'";
  for (std::size_t at = 0; at < length;) {
    const auto code = static_cast<unsigned char>(text[at]);
    const std::size_t character = utf8_character(text.substr(at));
    if (text[at] == '\t') {
      quoted += "\\t";
    } else if (code < 0x20 || code == 0x7f || character == 0) {
      quoted += fmt::format("\\x{:02x}", code);
    } else if (character > 1) {
      quoted += visible(text.substr(at, character));
    } else {
      quoted += text[at];
    }
    at += std::max<std::size_t>(character, 1);
  }
  return quoted + (length < text.size() ? "'..." : "'");
}

void LineErrors::add(const Line& line, std::string_view where, std::string_view expected) {
  if (++count_ > static_cast<std::int64_t>(most_listed)) return;
  const auto at = static_cast<std::size_t>(where.data() - line.text.data());
  const std::string_view before = line.text.substr(0, at);
  const std::int64_t number = line.number + std::ranges::count(before, '\n');
  const std::size_t column = at - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
  first_.push_back(
      fmt::format("{}:{}:{}: {}: expected {}", path_.string(), number, column, quote(where), expected));
}

std::string LineErrors::summary(std::string_view what, mpi::Communicator& communicator) const {
  const std::int64_t total = communicator.sum(count_);
  if (total == 0) return {};
  std::string mine;
  for (const std::string& message : first_) mine += message + "\n";
  std::string message;
  std::size_t listed = 0;
  for (const std::string& of_rank : communicator.all_gather(mine)) {
    std::istringstream lines(of_rank);
    for (std::string line; listed < most_listed && std::getline(lines, line); ++listed)
      message += line + "\n";
  }
  message += fmt::format("{} {} {}", total, total == 1 ? "line" : "lines", what);
  if (total > static_cast<std::int64_t>(listed))
    message += fmt::format(", of which the first {} are shown", listed);
  return message;
}

void LineErrors::throw_if_any(std::string_view remedy, mpi::Communicator& communicator) const {
  const std::string message = summary("cannot be used", communicator);
  if (!message.empty()) throw mpi::AgreedError(base::ExitCode::data, fmt::format("{}. {}", message, remedy));
}

void LineErrors::settle(BadLines bad_lines, std::string_view remedy, mpi::Communicator& communicator) const {
  if (bad_lines == BadLines::fail) return throw_if_any(remedy, communicator);
  const std::string message = summary("cannot be used: skipped", communicator);
  if (!message.empty() && communicator.is_root()) spdlog::warn("{}", message);
}

}  // namespace gemel::ingest
