#include "serving/named_value.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <optional>

#include "base/error.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/pair_columns.hpp"
#include "mpi/agreement.hpp"

namespace gemel::serving {

NamedValue parse_named_value(const std::string& text, std::string_view option, std::string_view example) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos)
    throw base::UsageError(fmt::format("{} {}: expected NAME=VALUE, such as {}", option, text, example));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void add_constant(const NamedValue& value, const features::Encoder& encoder, ingest::Columns& columns) {
  if (encoder.type_of(value.name) != features::ColumnType::number) {
    ingest::TextColumn& texts = columns.strings[value.name];
    for (std::size_t row = 0; row < columns.rows; ++row) texts.push_back(value.value);
    return;
  }
  if (const auto whole = ingest::parse_number(value.value)) {
    columns.numbers[value.name].assign(columns.rows, *whole);
    return;
  }
  const std::optional<double> decimal = ingest::parse_decimal(value.value);
  if (!decimal) {
    throw mpi::AgreedError(
        base::ExitCode::usage,
        fmt::format("--query {}={}: this column holds numbers; give one", value.name, value.value));
  }
  columns.decimals[value.name].assign(columns.rows, *decimal);
}

}  // namespace gemel::serving
