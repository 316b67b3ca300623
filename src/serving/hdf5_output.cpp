#include "serving/hdf5_output.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "hdf5/error.hpp"
#include "hdf5/text_rows.hpp"

namespace gemel::serving {

Hdf5Output::Hdf5Output(base::OutputFile& output, const std::function<void(hdf5::Layout& layout)>& add)
    : output_(output) {
  hdf5::Structure structure;
  try {
    hdf5::Layout layout;
    add(layout);
    structure = layout.finish();
  } catch (const hdf5::Hdf5Error& error) {
    throw base::OutputError(
        fmt::format("{}: cannot lay out this file: {}", output_.path().string(), error.what()));
  }
  for (const hdf5::Extent& extent : structure.extents) output_.write_at(extent.offset, extent.bytes);
}

void Hdf5Output::write_bytes(const hdf5::StoredDataset& dataset, std::size_t first,
                             std::span<const std::byte> rows) {
  base::require(first * dataset.row_bytes() + rows.size() <= dataset.bytes(),
                "serving: rows that a dataset does not have");
  output_.write_at(dataset.offset + first * dataset.row_bytes(), rows);
}

void Hdf5Output::write(const hdf5::StoredDataset& dataset, std::size_t first,
                       std::span<const std::string> rows) {
  const std::string packed = hdf5::pack_text(rows, dataset.value_bytes);
  write_bytes(dataset, first, std::as_bytes(std::span(packed)));
}

}  // namespace gemel::serving
