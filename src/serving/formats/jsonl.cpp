#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

std::string quoted(std::string_view text) {
  return nlohmann::json(text).dump();
}

class JsonLines final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "s.jsonl"; }

  void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const override {
    const auto out = std::back_inserter(bytes);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      fmt::format_to(out, R"({{"id":{},"vector":[{}])", quoted(rows.ids[i]),
                     fmt::join(rows.vectors.row(i), ","));
      if (table.has_labels)
        fmt::format_to(out, R"(,"payload":{{"label":{},"count":{}}})", quoted(rows.labels[i]),
                       rows.counts[i]);
      bytes += "}\n";
    }
  }
};

}  // namespace

std::unique_ptr<RowFormat> jsonl_format() {
  return std::make_unique<JsonLines>();
}

}  // namespace gemel::serving
