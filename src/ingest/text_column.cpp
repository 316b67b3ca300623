#include "ingest/text_column.hpp"

#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace gemel::ingest {

TextColumn::TextColumn(const StringColumn& texts) {
  codes_.reserve(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) push_back(texts[row]);
}

TextColumn::TextColumn(StringTable distinct, std::vector<std::uint32_t> codes)
    : table_(std::move(distinct)), codes_(std::move(codes)) {}

void TextColumn::keep_first(std::size_t rows) {
  if (rows == size()) return;
  const StringTable all = std::exchange(table_, {});
  codes_.resize(rows);
  for (std::uint32_t& code : codes_) code = table_.number(all.strings()[code]);
}

StringColumn TextColumn::rows() const {
  return rows(0, size());
}

StringColumn TextColumn::rows(std::size_t first, std::size_t count) const {
  StringColumn texts;
  for (std::size_t row = first; row < first + count; ++row) texts.push_back((*this)[row]);
  return texts;
}

}  // namespace gemel::ingest
