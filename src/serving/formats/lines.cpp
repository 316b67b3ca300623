#include <fmt/format.h>

#include "base/error.hpp"
#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

class IdLines final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "_ids.txt"; }
  void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) append_line(rows.ids[i], file_name(table), bytes);
  }
};

class LabelLines final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override {
    return table.has_labels ? table.noun + "_labels.txt" : "";
  }
  void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) append_line(rows.labels[i], file_name(table), bytes);
  }
};

}  // namespace

void append_line(std::string_view text, std::string_view file, std::string& bytes) {
  if (text.find('\n') != std::string_view::npos) {
    throw base::OutputError(fmt::format(
        "{}: '{}' has a line break, and cannot be a line; choose --format jsonl, csv or hdf5", file, text));
  }
  bytes.append(text) += '\n';
}

std::unique_ptr<RowFormat> id_lines_format() {
  return std::make_unique<IdLines>();
}

std::unique_ptr<RowFormat> label_lines_format() {
  return std::make_unique<LabelLines>();
}

}  // namespace gemel::serving
