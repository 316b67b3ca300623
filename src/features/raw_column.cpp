#include "features/raw_column.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "base/error.hpp"
#include "base/pages.hpp"
#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

template <class Column>
const Column* find_column(const std::map<std::string, Column>& columns, const std::string& name) {
  const auto found = columns.find(name);
  return found == columns.end() ? nullptr : &found->second;
}

/// Numbers as they are written, as short as can be.
std::shared_ptr<const ingest::TextColumn> texts_of(const RawColumn& column) {
  auto texts = std::make_shared<ingest::TextColumn>();
  for (std::size_t row = 0; row < column.rows_of_numbers(); ++row) {
    texts->push_back(column.numbers != nullptr ? fmt::to_string((*column.numbers)[row])
                                               : fmt::to_string((*column.decimals)[row]));
  }
  return texts;
}

}  // namespace

std::string described(const FeatureSpec& spec) {
  return fmt::format("feature \"{}\"", spec.declaration());
}

void check_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view remedy) {
  const bool is_text = columns.strings.contains(spec.column);
  const bool is_number = columns.numbers.contains(spec.column) || columns.decimals.contains(spec.column);
  const ColumnType needed = spec.kind->column_type();
  const auto complain = [&](std::string_view reason, std::string_view what_to_do = "") {
    throw mpi::AgreedError(base::ExitCode::usage,
                           fmt::format("{}: {}.{} The columns are: {}.", described(spec), reason, what_to_do,
                                       columns.describe()));
  };
  if (!is_text && !is_number) complain(fmt::format("there is no column \"{}\"", spec.column), remedy);
  if (!is_number && needed == ColumnType::number) complain("this kind needs a column of numbers");
}

RawColumn raw_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view described,
                     mpi::Communicator& communicator) {
  RawColumn column = {.texts = find_column(columns.strings, spec.column),
                      .numbers = find_column(columns.numbers, spec.column),
                      .decimals = find_column(columns.decimals, spec.column),
                      .communicator = communicator,
                      .described = described};
  const ColumnType needed = spec.kind->column_type();
  const bool needs_texts =
      needed == ColumnType::text || (needed == ColumnType::any && column.decimals != nullptr);
  if (column.texts != nullptr || !needs_texts) return column;
  column.made_texts = texts_of(column);
  return {.texts = column.made_texts.get(),
          .communicator = communicator,
          .described = described,
          .made_texts = column.made_texts};
}

FeatureRows blank_rows(const std::vector<FeatureSpec>& specs, std::size_t rows) {
  FeatureRows blank;
  blank.features = specs.size();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].kind->has_lists()) blank.lists.push_back(i);
  }
  base::resize_on_huge_pages(blank.words, rows * specs.size());
  return blank;
}

}  // namespace gemel::features
