#include <fmt/format.h>

#include <bit>
#include <string_view>

#include "serving/row_format.hpp"

namespace gemel::serving {
namespace {

static_assert(std::endian::native == std::endian::little, "the file's floats are little-endian");

class Npy final : public RowFormat {
 public:
  std::string file_name(const VectorTable& table) const override { return table.noun + "s.npy"; }

  std::string head(const VectorTable& table) const override {
    constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
    constexpr std::size_t length_bytes = 2;
    constexpr std::size_t alignment = 64;  // of what follows
    std::string description =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", table.rows, table.dim);
    const std::size_t unpadded = magic.size() + length_bytes + description.size() + 1;
    description.append((alignment - unpadded % alignment) % alignment, ' ') += '\n';
    std::string head(magic);
    head += static_cast<char>(description.size() % 256);
    head += static_cast<char>(description.size() / 256);
    return head + description;
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
