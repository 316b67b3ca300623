#pragma once

#include "serving/vector_source.hpp"

namespace gemel::serving {

/// Writes vectors in one format, on root. Everything that fails throws OutputError.
class VectorWriter {
 public:
  virtual ~VectorWriter() = default;
  VectorWriter(const VectorWriter&) = delete;
  VectorWriter& operator=(const VectorWriter&) = delete;

  /// The next rows of a table, one of those that the writer was made for. Tables come one after the other.
  virtual void write(const VectorTable& table, const VectorRows& rows) = 0;
  /// After all rows, once.
  virtual void finish() {}

 protected:
  VectorWriter() = default;
};

}  // namespace gemel::serving
