#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gemel::ingest {

/// Which columns of interactions are read beside user, item and timestamp, and, of text, rating.
struct WantedColumns {
  bool all = false;
  std::vector<std::string> names = {};

  bool has(std::string_view name) const { return all || std::ranges::find(names, name) != names.end(); }
};

}  // namespace gemel::ingest
