#include "features/raw_column.hpp"

#include <fmt/format.h>

#include <map>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::features {
namespace {

template <class Column>
const Column* find_column(const std::map<std::string, Column>& columns, const std::string& name) {
  const auto found = columns.find(name);
  return found == columns.end() ? nullptr : &found->second;
}

}  // namespace

std::string described(const FeatureSpec& spec) {
  return fmt::format("feature \"{}\"", spec.declaration());
}

void check_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view remedy) {
  const bool is_text = columns.strings.contains(spec.column);
  const bool is_number = columns.numbers.contains(spec.column);
  const ColumnType needed = spec.kind->column_type();
  const auto complain = [&](std::string_view reason, std::string_view what_to_do = "") {
    throw mpi::AgreedError(base::ExitCode::usage,
                           fmt::format("{}: {}.{} The columns are: {}.", described(spec), reason, what_to_do,
                                       columns.describe()));
  };
  if (columns.decimals.contains(spec.column)) complain("features are made of text and of whole numbers");
  if (!is_text && !is_number) complain(fmt::format("there is no column \"{}\"", spec.column), remedy);
  if (!is_text && needed == ColumnType::text) complain("this kind needs a column of text");
  if (!is_number && needed == ColumnType::number) complain("this kind needs a column of numbers");
}

RawColumn raw_column(const FeatureSpec& spec, const ingest::Columns& columns, std::string_view described,
                     mpi::Communicator& communicator) {
  return {find_column(columns.strings, spec.column), find_column(columns.numbers, spec.column), communicator,
          described};
}

FeatureRows blank_rows(const std::vector<FeatureSpec>& specs, std::size_t rows) {
  FeatureRows blank;
  blank.features = specs.size();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].kind->has_lists()) blank.lists.push_back(i);
  }
  blank.words.resize(rows * specs.size());
  return blank;
}

}  // namespace gemel::features
