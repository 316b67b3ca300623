#pragma once

#include <filesystem>
#include <fstream>
#include <functional>

#include "hdf5/layout.hpp"

namespace gemel {

/// Writes an HDF5 file that `add` lays out, with zeros for all values of its datasets.
inline void write_laid_out(const std::filesystem::path& path,
                           const std::function<void(hdf5::Layout& layout)>& add) {
  hdf5::Layout layout;
  add(layout);
  const hdf5::Structure structure = layout.finish();
  std::ofstream(path, std::ios::binary);  // empties it
  std::filesystem::resize_file(path, structure.file_bytes);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  for (const hdf5::Extent& extent : structure.extents) {
    file.seekp(static_cast<std::streamoff>(extent.offset));
    file.write(reinterpret_cast<const char*>(extent.bytes.data()),
               static_cast<std::streamsize>(extent.bytes.size()));
  }
}

/// Writes the values of a dataset of such a file.
template <class T>
void write_values(const std::filesystem::path& path, const hdf5::StoredDataset& dataset,
                  const std::vector<T>& values) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(dataset.offset));
  file.write(reinterpret_cast<const char*>(values.data()),
             static_cast<std::streamsize>(values.size() * sizeof(T)));
}

}  // namespace gemel
