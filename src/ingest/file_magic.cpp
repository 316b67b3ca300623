#include "ingest/file_magic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

/// A format that is known by its first bytes.
struct Magic {
  std::string_view bytes;
  std::string_view what;
  std::string_view remedy;  ///< {0} is the path of the file
  bool is_of_text =
      false;  ///< the rest is text; else printable bytes count only if there are others near them
};

constexpr Magic magics[] = {
    {"\xfd"
     "7zXZ"sv,
     "compressed by xz", "Unpack it: unxz -k {0}."},
    {"\x04\x22\x4d\x18"sv, "compressed by lz4", "Unpack it: lz4 -d {0}."},
    {"PK\x03\x04"sv, "a zip archive, or an Excel workbook, which is one",
     "Unpack it: unzip {0}; save a workbook as CSV."},
    {"7z\xbc\xaf\x27\x1c"sv, "a 7z archive", "Unpack it: 7z x {0}."},
    {"\xd0\xcf\x11\xe0"sv, "a Microsoft Office file", "Save it as CSV."},
    {"\x89HDF"sv, "an HDF5 file",
     "Write it as text: in Python, pandas.read_hdf(\"{0}\").to_csv(\"data.csv\", index=False)."},
    {"PAR1"sv, "a Parquet file",
     "Write it as text: in Python, pandas.read_parquet(\"{0}\").to_csv(\"data.csv\", index=False)."},
    {"ARROW1"sv, "an Arrow or Feather file",
     "Write it as text: in Python, pandas.read_feather(\"{0}\").to_csv(\"data.csv\", index=False)."},
    {"FEA1"sv, "a Feather file",
     "Write it as text: in Python, pandas.read_feather(\"{0}\").to_csv(\"data.csv\", index=False)."},
    {"ORC"sv, "an ORC file",
     "Write it as text: in Python, pandas.read_orc(\"{0}\").to_csv(\"data.csv\", index=False)."},
    {"\x93NUMPY"sv, "a NumPy array",
     "Write it as text: in Python, numpy.savetxt(\"data.txt\", numpy.load(\"{0}\"), fmt=\"%d\")."},
    {"\x80\x03"sv, "a Python pickle", "Write it as text in Python."},
    {"\x80\x04\x95"sv, "a Python pickle", "Write it as text in Python."},
    {"\x80\x05\x95"sv, "a Python pickle", "Write it as text in Python."},
    {"SQLite format 3"sv, "an SQLite database",
     "Write a table as text: sqlite3 -csv -header {0} \"select * from ...\"."},
    {"%PDF-"sv, "a PDF document", "Give the data as text."},
    {"\x7f"
     "ELF"sv,
     "a program", "Give the data as text."},
    {"version https://git-lfs.github.com/"sv, "a pointer of Git LFS in place of the file",
     "Fetch the file: git lfs pull.", true},
    {"\xff\xfe\x00\x00"sv, "text in UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8 {0} >data.txt."},
    {"\x00\x00\xfe\xff"sv, "text in UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8 {0} >data.txt."},
    {"\xff\xfe"sv, "text in UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8 {0} >data.txt."},
    {"\xfe\xff"sv, "text in UTF-16", "Convert it: iconv -f UTF-16 -t UTF-8 {0} >data.txt."},
};

bool is_printable(char c) {
  return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\r' || c == '\n';
}

bool begins_with(std::string_view head, const Magic& magic) {
  if (!head.starts_with(magic.bytes)) return false;
  // A user may be called ORC or PAR1.
  return magic.is_of_text || !std::ranges::all_of(head.substr(0, 64), is_printable);
}

/// Whether the second of every two bytes (`odd`), or the first, is NUL and the other is not, as in English text in UTF-16.
bool alternates_with_nul(std::string_view head, bool odd) {
  head = head.substr(0, std::min<std::size_t>(head.size(), 64));
  if (head.size() < 4) return false;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const bool may_be_nul = (i % 2 == 1) == odd;
    if ((head[i] == '\0') != may_be_nul) return false;
  }
  return true;
}

/// Whether text that begins so is JSON that is not an object a line: an object of several lines, or a list of values. "[deleted]" is none.
bool is_json(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] == '{') return text.find_first_not_of(" \t\r", 1) == text.find('\n') && text.size() > 1;
  if (text[0] != '[') return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n", 1);
  return first == std::string_view::npos ||
         R"({["'-0123456789])"sv.find(text[first]) != std::string_view::npos;
}

bool is_markup(std::string_view text) {
  std::string start(text.substr(0, 9));
  std::ranges::transform(start, start.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml");
}

[[noreturn]] void refuse(const std::filesystem::path& path, std::string_view what,
                         const std::string& remedy) {
  throw base::DataError(
      fmt::format("{}: is {}, where lines of text are expected. {}", path.string(), what, remedy));
}

}  // namespace

void refuse_other_formats(const std::filesystem::path& path, std::string_view head) {
  for (const Magic& magic : magics) {
    if (begins_with(head, magic))
      refuse(path, magic.what, fmt::format(fmt::runtime(magic.remedy), path.string()));
  }
  for (const bool odd : {true, false}) {
    if (!alternates_with_nul(head, odd)) continue;
    const std::string_view name = odd ? "UTF-16LE" : "UTF-16BE";
    refuse(path, fmt::format("text in {}", name),
           fmt::format("Convert it: iconv -f {} -t UTF-8 {} >data.txt.", name, path.string()));
  }
  const std::string_view text = head.substr(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
  if (is_json(text)) {
    refuse(path, "JSON",
           fmt::format(
               "Write one object a line: jq -c '.[]' {0} >data.jsonl or, if it is not a list, jq -c . {0} "
               ">data.jsonl.",
               path.string()));
  }
  if (is_markup(text)) {
    refuse(path, "HTML or XML", "Was an error page downloaded in place of the data? Fetch it again.");
  }
}

}  // namespace gemel::ingest
