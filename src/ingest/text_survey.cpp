#include "ingest/text_survey.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

[[noreturn]] void refuse(TextFault fault, const std::string& place, const std::string& file) {
  switch (fault) {
    case TextFault::nul:
      throw base::DataError(fmt::format(
          "{}: a NUL byte, which text does not have. Is the file binary, or was it damaged or cut "
          "off when it was written? Write it again, as text.",
          place));
    case TextFault::control:
      throw base::DataError(fmt::format(
          "{}: a control character, which no id or title has. If it separates fields, replace it, "
          "as in tr '\\001' '\\t' <{} >data.txt. Otherwise the file is binary or damaged: write it "
          "again, as text.",
          place, file));
    case TextFault::carriage_return:
      throw base::DataError(fmt::format(
          "{}: a carriage return without a line feed after it. If it ends lines, convert them: tr "
          "'\\r' '\\n' <{} >data.txt. Otherwise take it away.",
          place, file));
    case TextFault::byte_order_mark:
      throw base::DataError(fmt::format(
          "{}: a byte order mark (of UTF-8) inside the file. Were files put together? Take it away: "
          "sed -i 's/\\xef\\xbb\\xbf//g' {}; and headings in the middle, too.",
          place, file));
  }
  throw base::InternalError("an unknown fault of a text");
}

std::int64_t count_lines(std::string_view text) {
  const bool open_end = !text.empty() && text.back() != '\n';
  return std::count(text.begin(), text.end(), '\n') + (open_end ? 1 : 0);
}

}  // namespace

std::string_view without_mark(std::string_view piece) {
  if (piece.starts_with(byte_order_mark)) piece.remove_prefix(byte_order_mark.size());
  return piece;
}

void TextSurvey::add(std::string_view piece) {
  if (begins_file_ && lines_ == 0 && piece.starts_with(byte_order_mark)) {
    has_mark_ = true;
    piece = without_mark(piece);
  }
  const TextScan scan = scan_text(piece);
  if (scan.fault && !fault_) {
    fault_ = scan.fault;
    fault_at_ = place_of(piece, scan.fault_at);
  }
  has_multibyte_ = has_multibyte_ || scan.has_multibyte();
  if (!scan.is_utf8() && !invalid_at_) invalid_at_ = place_of(piece, scan.invalid_at);
  if (scan.undefined_at != std::string_view::npos && !undefined_at_)
    undefined_at_ = place_of(piece, scan.undefined_at);
  lines_ += count_lines(piece);
}

TextSurvey::Place TextSurvey::place_of(std::string_view piece, std::size_t at) const {
  const std::string_view before = piece.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {lines_ + std::ranges::count(before, '\n'), at - line_start + 1,
          static_cast<unsigned char>(piece[at])};
}

Encoding TextSurvey::encoding(const std::filesystem::path& path, std::int64_t first_line,
                              mpi::Communicator& communicator) const {
  const auto text_of = [&](const Place& place) {
    return fmt::format("{}:{}:{}: '\\x{:02x}'", path.string(), first_line + place.line, place.column,
                       place.byte);
  };
  mpi::agree(communicator, [&] {
    if (fault_) refuse(*fault_, text_of(fault_at_), path.string());
  });
  const std::int64_t multibyte = communicator.max(std::int64_t{has_mark_ || has_multibyte_ ? 1 : 0});
  const std::int64_t invalid = communicator.max(std::int64_t{invalid_at_ ? 1 : 0});
  mpi::agree(communicator, [&] {
    if (multibyte == 1 && invalid_at_) {
      throw base::DataError(fmt::format(
          "{}: is not UTF-8, though the file has UTF-8 elsewhere. Were files of several encodings "
          "put together? Convert each by itself, as in iconv -f LATIN1 -t UTF-8, or correct this "
          "place.",
          text_of(*invalid_at_)));
    }
    if (multibyte == 0 && undefined_at_) {
      throw base::DataError(
          fmt::format("{}: is neither UTF-8 nor Latin-1 (Windows-1252). Find out the encoding of the file, "
                      "and convert it, as in iconv -f SHIFT-JIS -t UTF-8 {} >data.txt.",
                      text_of(*undefined_at_), path.string()));
    }
  });
  if (invalid == 0) return Encoding::utf8;
  if (communicator.is_root()) spdlog::info("{}: is not UTF-8: read as Latin-1 (Windows-1252)", path.string());
  return Encoding::windows_1252;
}

}  // namespace gemel::ingest
