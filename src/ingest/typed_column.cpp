#include "ingest/typed_column.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "ingest/pair_columns.hpp"

namespace gemel::ingest {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  const auto number = parse_number(text);
  return number && fmt::format_int(*number).c_str() == text ? number : std::nullopt;
}

std::optional<double> decimal_number(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool is_padded = digits.size() > 1 && digits[0] == '0' && digits[1] != '.';
  return is_padded ? std::nullopt : parse_decimal(text);
}

/// The rows of the column as numbers; nothing if any text of any rank is none. Collective.
template <class T>
std::optional<std::vector<T>> numbers_of(const TextColumn& texts,
                                         std::optional<T> (*number_of)(std::string_view),
                                         mpi::Communicator& communicator) {
  std::vector<T> numbers;
  for (std::size_t i = 0; i < texts.distinct().size(); ++i) {
    const auto number = number_of(texts.distinct()[i]);
    if (!number) break;
    numbers.push_back(*number);
  }
  const bool are_numbers = numbers.size() == texts.distinct().size();
  if (communicator.min(std::int64_t{are_numbers ? 1 : 0}) == 0) return std::nullopt;
  std::vector<T> rows;
  rows.reserve(texts.size());
  for (const std::uint32_t code : texts.codes()) rows.push_back(numbers[code]);
  return rows;
}

}  // namespace

void add_typed(const std::string& name, TextColumn texts, Columns& columns, mpi::Communicator& communicator) {
  if (auto whole = numbers_of<std::int64_t>(texts, whole_number, communicator)) {
    columns.numbers[name] = std::move(*whole);
  } else if (auto decimals = numbers_of<double>(texts, decimal_number, communicator)) {
    columns.decimals[name] = std::move(*decimals);
  } else {
    columns.strings[name] = std::move(texts);
  }
}

}  // namespace gemel::ingest
