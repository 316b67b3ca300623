#include "ingest/prepared_format.hpp"

#include <fmt/format.h>

#include <boost/algorithm/string/replace.hpp>
#include <vector>

namespace gemel::ingest {
namespace {

/// As a name that HDF5 takes, which has no "/".
std::string escaped(const std::string& column) {
  return boost::algorithm::replace_all_copy(boost::algorithm::replace_all_copy(column, "%", "%25"), "/",
                                            "%2F");
}

std::vector<checkpoint::AllowedDatasets> allowed_datasets() {
  using hdf5::Element;
  const std::vector<Element> numbers = {Element::int64, Element::float64};
  return {{"/interactions/*/item", {Element::int32}, 1},
          {"/interactions/*/part", {Element::uint8}, 1},
          {"/interactions/*/column/*", {Element::int64, Element::float64, Element::int32}, 1},
          {"/vocabulary/*/text_rest_row", {Element::int64}, 1},
          {"/vocabulary/*/text*", {Element::text}, 1},
          {"/vocabulary/*/count", {Element::int64}, 1},
          {"/items/count", {Element::int64}, 1},
          {"/items/column/*", {Element::int64, Element::float64, Element::text}, 1},
          {"/split/trained_*", {Element::uint64}, 1}};
}

}  // namespace

const checkpoint::FileKind& prepared_kind() {
  static const std::string prepare_again = "Prepare the data again: trainer prepare";
  static const checkpoint::FileKind kind = {
      .format = "gemel-data",
      .noun = "prepared data",
      .read_code = base::ExitCode::data,
      .write_code = base::ExitCode::output,
      .when_damaged = prepare_again,
      .when_other_file =
          "Name a file that trainer prepare wrote, a directory of data, or other files with --ratings",
      .when_unfit = prepare_again,
      .when_unwritten = "Free space on that file system, or choose another place with --out.",
      .datasets = allowed_datasets(),
      .attributes_of = {"/", "/data", "/split", "/split/*", "/interactions/*/column/*"}};
  return kind;
}

std::string vocabulary_path(const std::string& column, std::string_view what) {
  return fmt::format("/vocabulary/{}/{}", escaped(column), what);
}

std::string item_column_path(const std::string& column) {
  return "/items/column/" + escaped(column);
}

std::string part_path(std::string_view part) {
  return fmt::format("/interactions/{}", part);
}

std::string column_path(std::string_view part, const std::string& column) {
  return fmt::format("{}/column/{}", part_path(part), escaped(column));
}

std::string overlap_path(Part part) {
  return fmt::format("/split/{}", part_name(part));
}

std::string column_of_path(std::string_view path) {
  const std::string name(path.substr(path.rfind('/') + 1));
  return boost::algorithm::replace_all_copy(boost::algorithm::replace_all_copy(name, "%2F", "/"), "%25", "%");
}

}  // namespace gemel::ingest
