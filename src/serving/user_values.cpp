#include "serving/user_values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ingest/typed_column.hpp"
#include "serving/query_source.hpp"

namespace gemel::serving {

void UserValues::add(const std::vector<std::string>& wanted, ingest::Columns& queries) const {
  if (wanted.empty()) return;
  const std::string remedy =
      fmt::format("Say with --query what their {} is, or add a line for each", fmt::join(wanted, " and "));
  std::vector<ingest::TextColumn> values =
      table_.of_users(queries.strings.at(user_column), "of the queries", remedy, communicator_);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& name = columns()[i];
    if (std::ranges::find(wanted, name) != wanted.end())
      ingest::add_typed(name, std::move(values[i]), queries, communicator_);
  }
}

}  // namespace gemel::serving
