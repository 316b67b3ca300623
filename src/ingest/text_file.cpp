#include "ingest/text_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "ingest/file_magic.hpp"
#include "ingest/text_encoding.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::int64_t most_sample_lines = 1000;
constexpr std::int64_t most_sample_bytes = std::int64_t{8} << 20;

/// "path:line:column: '\x00'": where byte `at` of the text is.
std::string place_of(const DelimitedText& text, std::size_t at, const std::filesystem::path& path) {
  const std::string_view before = text.text().substr(0, at);
  const std::int64_t line = text.first_line() + std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("{}:{}:{}: '\\x{:02x}'", path.string(), line, at - line_start + 1,
                     static_cast<unsigned char>(text.text()[at]));
}

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

/// Whether the file is Windows-1252, which all ranks' shares together tell. `has_mark`: this share began with the byte order mark of UTF-8.
/// Collective.
bool is_windows_1252(const DelimitedText& text, const TextScan& scan, bool has_mark,
                     const std::filesystem::path& path, mpi::Communicator& communicator) {
  const std::int64_t multibyte = communicator.max(std::int64_t{has_mark || scan.has_multibyte() ? 1 : 0});
  const std::int64_t invalid = communicator.max(std::int64_t{scan.is_utf8() ? 0 : 1});
  mpi::agree(communicator, [&] {
    if (multibyte == 1 && !scan.is_utf8()) {
      throw base::DataError(fmt::format(
          "{}: is not UTF-8, though the file has UTF-8 elsewhere. Were files of several encodings "
          "put together? Convert each by itself, as in iconv -f LATIN1 -t UTF-8, or correct this "
          "place.",
          place_of(text, scan.invalid_at, path)));
    }
    if (multibyte == 0 && scan.undefined_at != std::string_view::npos) {
      throw base::DataError(
          fmt::format("{}: is neither UTF-8 nor Latin-1 (Windows-1252). Find out the encoding of the file, "
                      "and convert it, "
                      "as in iconv -f SHIFT-JIS -t UTF-8 {} >data.txt.",
                      place_of(text, scan.undefined_at, path), path.string()));
    }
  });
  return invalid == 1;
}

/// A rank's part of the sample, which begins at byte `first_byte` of the file.
std::string_view sample_of(const DelimitedText& text, std::int64_t first_byte) {
  const std::string_view all = text.text();
  std::size_t end = 0;
  for (std::int64_t line = text.first_line(); line <= most_sample_lines && end < all.size() &&
                                              first_byte + static_cast<std::int64_t>(end) < most_sample_bytes;
       ++line) {
    end = std::min(all.find('\n', end), all.size() - 1) + 1;
  }
  return all.substr(0, end);
}

}  // namespace

DelimitedText as_utf8(DelimitedText text, const std::filesystem::path& path,
                      mpi::Communicator& communicator) {
  std::string_view bytes = text.text();
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) refuse_other_formats(path, bytes.substr(0, 512));
  });
  const bool has_mark = text.first_line() == 1 && bytes.starts_with(byte_order_mark);
  if (has_mark) {
    text = text.with_text(std::string(bytes.substr(byte_order_mark.size())));
    bytes = text.text();
  }
  const TextScan scan = scan_text(bytes);
  mpi::agree(communicator, [&] {
    if (scan.fault) refuse(*scan.fault, place_of(text, scan.fault_at, path), path.string());
  });
  if (!is_windows_1252(text, scan, has_mark, path, communicator)) return text;
  if (communicator.is_root()) spdlog::info("{}: is not UTF-8: read as Latin-1 (Windows-1252)", path.string());
  return scan.is_utf8() ? std::move(text) : text.with_text(windows_1252_to_utf8(bytes));
}

FileSample::FileSample(const DelimitedText& text, mpi::Communicator& communicator) {
  const std::int64_t first_byte = communicator.sum_before(static_cast<std::int64_t>(text.text().size()));
  pieces_ = communicator.all_gather(std::string(sample_of(text, first_byte)));
  const std::vector<std::int64_t> first_lines = communicator.all_gather(text.first_line());
  for (std::size_t rank = 0; rank < pieces_.size(); ++rank) {
    std::int64_t number = first_lines[rank];
    for (std::string_view rest = pieces_[rank]; !rest.empty(); ++number) {
      const std::string_view line = DelimitedText::take_line(rest);
      if (line.find_first_not_of(" \t") != std::string_view::npos) lines_.push_back({number, line});
    }
  }
}

}  // namespace gemel::ingest
