// Files of interactions, of which the first byte of the input says what is known: how they are read is either refused or can be used, and
// saying what was found out leads to the same. A form feed ends a file and begins another.
#include "ingest/file_layout.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "fuzz/fuzzing.hpp"
#include "ingest/ids.hpp"
#include "ingest/list_reader.hpp"
#include "ingest/pair_reader.hpp"

namespace gemel::ingest {
namespace {

constexpr std::array columns = {"", "user,item", "user,item,rating,timestamp", "item=i,user=u",
                                "user,item,-,device"};

std::vector<SampledFile> files_of(std::string_view text) {
  std::vector<SampledFile> files;
  while (true) {
    const std::size_t end = text.find('\f');
    files.push_back({"FILE", FileSample(text.substr(0, end))});
    if (end == std::string_view::npos) return files;
    text.remove_prefix(end + 1);
  }
}

/// Nothing where they are refused.
std::optional<std::vector<FileLayout>> layouts_of(std::string_view text, FileFormat asked,
                                                  const ColumnsGiven& given, bool all) {
  try {
    return recognise_layouts(files_of(text), asked, given, {.all = all});
  } catch (const base::DataError&) {
    return std::nullopt;
  }
}

void read_pairs(const FileLayout& layout, const FileSample& sample) {
  fuzzing::check(layout.columns.has(PairColumn::user) && layout.columns.has(PairColumn::item),
                 "pairs have users and items");
  PairReader read(layout);
  LineErrors errors("FILE");
  for (const SampleLine& sampled : sample.lines()) {
    const Line line{.number = sampled.number, .text = sampled.text, .fields = {}};
    const auto pair = read(line, errors);
    if (!pair) continue;
    fuzzing::check(line.number != layout.heading, "a heading is no interaction");
    fuzzing::check(is_id(pair->user) && is_id(pair->item), "users and items are ids");
    fuzzing::check(std::isfinite(pair->rating), "ratings are finite");
    fuzzing::check(pair->fields->size() == layout.columns.size(), "every column has a field");
  }
}

void read_lists(const FileSample& sample) {
  ListReader read;
  LineErrors errors("FILE");
  for (const SampleLine& sampled : sample.lines()) {
    for (const Field& field : read({.number = sampled.number, .text = sampled.text, .fields = {}}, errors)) {
      fuzzing::check(fuzzing::is_within(field.text, sampled.text), "fields are of the line");
      fuzzing::check(is_id(field.text) && field.text.find_first_of(" \t") == field.text.npos,
                     "fields of lists are ids without blanks");
    }
  }
}

}  // namespace
}  // namespace gemel::ingest

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  using namespace gemel::ingest;
  std::string_view text = fuzzing::text_of(data, size);
  const std::uint8_t known = fuzzing::take_byte(text);
  const auto asked = static_cast<FileFormat>(known % 3);
  const bool all = known / 3 % 2 == 1;
  const std::string said = columns[known / 6 % columns.size()];
  if (asked == FileFormat::lists && !said.empty()) return 0;  // options refuse it
  const ColumnsGiven given = said.empty() ? ColumnsGiven() : parse_columns(said);
  const auto layouts = layouts_of(text, asked, given, all);
  if (!layouts) return 0;
  const std::vector<SampledFile> files = files_of(text);
  fuzzing::check(layouts->size() == files.size(), "every file has a layout");
  const auto again = layouts_of(text, layouts->front().format, given, all);
  fuzzing::check(again.has_value(), "what was recognised may be said");
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FileLayout& layout = (*layouts)[i];
    fuzzing::check(layout.format == layouts->front().format, "all files are alike");
    fuzzing::check(layout.description == (*again)[i].description, "saying it makes no difference");
    layout.format == FileFormat::lists ? read_lists(files[i].sample) : read_pairs(layout, files[i].sample);
  }
  return 0;
}
