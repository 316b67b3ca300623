#include <fmt/format.h>

#include <iterator>

#include "serving/csv_field.hpp"
#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

class Csv final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "s.csv"; }

  std::string head(const VectorTable& table) const override {
    std::string heading = table.has_labels ? "id,label" : "id";
    for (std::size_t i = 0; i < table.dim; ++i) fmt::format_to(std::back_inserter(heading), ",v{}", i);
    return heading + "\n";
  }

  void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      append_csv_field(rows.ids[i], bytes);
      if (table.has_labels) append_csv_field(rows.labels[i], bytes += ',');
      for (const float value : rows.vectors.row(i)) fmt::format_to(std::back_inserter(bytes), ",{}", value);
      bytes += '\n';
    }
  }
};

}  // namespace

std::unique_ptr<RowFormat> csv_format() {
  return std::make_unique<Csv>();
}

}  // namespace gemel::serving
