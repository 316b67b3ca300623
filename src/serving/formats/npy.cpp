#include <fmt/format.h>

#include "serving/npy_head.hpp"
#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

class Npy final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "s.npy"; }

  std::string head(const VectorTable& table) const override {
    return npy_head("'<f4'", fmt::format("({}, {})", table.rows, table.dim));
  }

  void append(const VectorTable&, const VectorRows& rows, std::string& bytes) const override {
    const auto values = rows.vectors.view().flat();
    bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
};

}  // namespace

std::unique_ptr<RowFormat> npy_format() {
  return std::make_unique<Npy>();
}

}  // namespace gemel::serving
