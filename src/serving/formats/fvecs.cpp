#include <bit>
#include <cstdint>

#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are little-endian");

class Fvecs final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "s.fvecs"; }

  void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const override {
    const auto width = static_cast<std::int32_t>(table.dim);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto vector = rows.vectors.row(i);
      bytes.append(reinterpret_cast<const char*>(&width), sizeof(width));
      bytes.append(reinterpret_cast<const char*>(vector.data()), vector.size_bytes());
    }
  }
};

}  // namespace

std::unique_ptr<RowFormat> fvecs_format() {
  return std::make_unique<Fvecs>();
}

}  // namespace gemel::serving
