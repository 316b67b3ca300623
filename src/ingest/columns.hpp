#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ingest/text_column.hpp"

namespace gemel::ingest {

/// Named columns of equal length: raw values as they were read, before featurisation. Text is UTF-8.
struct Columns {
  std::size_t rows = 0;
  std::map<std::string, TextColumn> strings;
  std::map<std::string, std::vector<std::int64_t>> numbers;
  std::map<std::string, std::vector<double>> decimals;
  /// Names that columns have in their files, and those by which they are here: "movieId" is "item_id".
  std::map<std::string, std::string> own_names;
  /// Further columns of the files that nobody has asked for.
  std::vector<std::string> unread;

  bool has(const std::string& name) const {
    return strings.contains(name) || numbers.contains(name) || decimals.contains(name);
  }
  /// The name that the column called so has here.
  std::string name_here(const std::string& name) const;
  /// The name that the column called so here has in its file.
  std::string own_name(const std::string& name) const;

  /// The names of all columns with what they hold, for messages: "item_id (text), title (text)".
  std::string describe() const;
};

}  // namespace gemel::ingest
