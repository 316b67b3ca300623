#include "ingest/file_sketch.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "ingest/comments.hpp"
#include "ingest/format_guess.hpp"
#include "ingest/json_lines.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/record_cutter.hpp"
#include "ingest/record_splitter.hpp"

namespace gemel::ingest {
namespace {

template <class Splitter>
CutLine cut(const SampleLine& line, Splitter& split) {
  CutLine whole{line.number, {}};
  for (const Field& field : split(line.text))
    whole.fields.push_back({std::string(field.text), field.source.data() - line.text.data() + 1});
  return whole;
}

/// Refuses comments.
[[noreturn]] void refuse_comment(const FileSketch& sketch, const SampleLine& comment) {
  const std::string_view text = comment.text.substr(comment.text.find_first_not_of(" \t"));
  refuse_line(
      sketch.path, comment,
      fmt::format("looks like a comment, which files of interactions do not have. Take such lines away: grep "
                  "-v '^ *{}' {} >data.txt. If it is a user, write the user in another way.",
                  text.substr(0, text[0] == '/' ? 2 : 1), sketch.path.string()));
}

/// Whether lines begin with a user, as far as --columns or what may be a heading says. An item's name may begin as comments do.
bool begins_with_user(const CutLine& first, const PairColumns& named) {
  if (!named.empty()) return named[0] == PairColumn::user;
  return !is_heading(first) || is_name_of(PairColumn::user, first.fields[0].text);
}

/// Of JSON Lines, whose heading are the keys of the first lines.
FileSketch sketch_of_objects(const SampledFile& file) {
  FileSketch sketch{file.path, file.sample.lines(), Separator::blanks, CutLine{}, {}};
  sketch.heading->number = sketch.lines.front().number;
  sketch.keys = keys_of_lines(sketch.lines);
  for (const std::string& key : sketch.keys) sketch.heading->fields.push_back({key, 1});
  if (sketch.keys.empty()) refuse_line(file.path, sketch.lines.front(), "expected a JSON object in one line");
  return sketch;
}

}  // namespace

FileSketch sketch_of(const SampledFile& file, const ColumnsGiven& given) {
  const PairColumns& named = given.fields;
  FileSketch sketch{file.path, file.sample.lines(), Separator::blanks, {}};
  if (sketch.lines.empty()) {
    throw base::DataError(
        fmt::format("{}: holds no interactions: it is empty, or begins with a thousand "
                    "blank lines. Give a file that does, or leave it out.",
                    file.path.string()));
  }
  const SampleLine first = sketch.lines.front();
  if (begins_object(first.text)) return sketch_of_objects(file);
  sketch.separator = choose_separator(sketch.lines);
  sketch.lines = records_of(sketch.lines, sketch.separator);
  FieldSplitter split(sketch.separator);
  CutLine cut_first = cut(first, split);
  const SampleLine* comment = find_comment(sketch.lines);
  const bool is_at_start = comment == &sketch.lines.front() && named.empty();
  if (comment != nullptr && (is_at_start || begins_with_user(cut_first, named)))
    refuse_comment(sketch, *comment);
  if (!is_heading(cut_first) && given.named.empty()) return sketch;
  sketch.heading = std::move(cut_first);
  sketch.lines.erase(sketch.lines.begin());
  if (sketch.lines.empty()) {
    throw base::DataError(fmt::format("{}: holds no interactions: there is nothing below the heading {}.",
                                      file.path.string(), quote(first.text)));
  }
  return sketch;
}

FileFormat common_format(const std::vector<FileSketch>& sketches, FileFormat asked,
                         const ColumnsGiven& given) {
  if (asked != FileFormat::automatic) return asked;
  if (!given.empty()) return FileFormat::pairs;
  const FileSketch* of[2] = {
      nullptr, nullptr};  // the first file that is surely lists, and the first that is surely pairs
  const FileSketch* unclear = nullptr;
  std::string reason;
  for (const FileSketch& sketch : sketches) {
    const FormatGuess guess = sketch.heading ? FormatGuess{Likeness::pairs} : guess_format(sketch.lines);
    if (guess.likeness == Likeness::unclear && unclear == nullptr) {
      unclear = &sketch;
      reason = guess.reason;
    }
    if (guess.likeness == Likeness::lists && of[0] == nullptr) of[0] = &sketch;
    if (guess.likeness == Likeness::pairs && of[1] == nullptr) of[1] = &sketch;
  }
  if (of[0] != nullptr && of[1] != nullptr) {
    throw base::DataError(fmt::format(
        "{}: a line is a user and all the user's items, while in {} it is one interaction. Give files of one "
        "kind, or say with --file-format what all are.",
        of[0]->path.string(), of[1]->path.string()));
  }
  if (of[0] != nullptr) return FileFormat::lists;
  if (of[1] == nullptr && unclear != nullptr) refuse_line(unclear->path, unclear->lines.front(), reason);
  return FileFormat::pairs;
}

std::vector<CutLine> cut_lines(const FileSketch& sketch) {
  RecordSplitter split(sketch.separator, sketch.keys);
  std::vector<CutLine> all;
  for (const SampleLine& line : sketch.lines) {
    CutLine fields = cut(line, split);
    if (split.fault().expected.empty()) all.push_back(std::move(fields));
  }
  if (!all.empty()) return all;
  split(sketch.lines.front().text);
  refuse_line(sketch.path, sketch.lines.front(), fmt::format("expected {}", split.fault().expected));
}

void refuse_line(const std::filesystem::path& path, const SampleLine& line, std::string_view why) {
  throw base::DataError(fmt::format("{}:{}:1: {}: {}", path.string(), line.number, quote(line.text), why));
}

}  // namespace gemel::ingest
