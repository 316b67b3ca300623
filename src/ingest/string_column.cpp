#include "ingest/string_column.hpp"

namespace gemel::ingest {

std::vector<std::string> StringColumn::texts() const {
  std::vector<std::string> all;
  all.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) all.emplace_back((*this)[i]);
  return all;
}

}  // namespace gemel::ingest
