#pragma once

#include <map>
#include <span>
#include <string>

#include "base/output_files.hpp"
#include "hdf5/layout.hpp"
#include "serving/hdf5_output.hpp"
#include "serving/vector_writer.hpp"

namespace gemel::serving {

/// One HDF5 file of all tables, "vectors.h5": /items/id, /items/label, /items/count, /items/vector, and the like of users.
class Hdf5Vectors final : public VectorWriter {
 public:
  /// The files must outlive the object.
  Hdf5Vectors(std::span<const VectorTable> tables, base::OutputFiles& files);

  void write(const VectorTable& table, const VectorRows& rows) override;
  void finish() override;

 private:
  void add(const VectorTable& table, hdf5::Layout& layout);

  std::map<std::string, hdf5::StoredDataset> datasets_;  // by their paths
  Hdf5Output output_;
};

}  // namespace gemel::serving
