#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/output_file.hpp"
#include "hdf5/layout.hpp"

namespace gemel::serving {

/// An HDF5 file that users get, written by this rank alone. Everything that fails throws OutputError: what goes wrong with this file is
/// no checkpoint's fault.
class Hdf5Output {
 public:
  /// Adds all datasets to `layout`. `output` must outlive the object and is committed by its owner.
  Hdf5Output(base::OutputFile& output, const std::function<void(hdf5::Layout& layout)>& add);

  /// Writes rows [first, ...) of a dataset, as their bytes.
  void write_bytes(const hdf5::StoredDataset& dataset, std::size_t first, std::span<const std::byte> rows);
  template <class T>
  void write(const hdf5::StoredDataset& dataset, std::size_t first, std::span<const T> rows) {
    write_bytes(dataset, first, std::as_bytes(rows));
  }
  void write(const hdf5::StoredDataset& dataset, std::size_t first, std::span<const std::string> rows);

 private:
  base::OutputFile& output_;
};

}  // namespace gemel::serving
