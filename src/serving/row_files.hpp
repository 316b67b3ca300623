#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/output_files.hpp"
#include "serving/row_format.hpp"
#include "serving/vector_writer.hpp"

namespace gemel::serving {

/// A file for each table, in a format of rows.
class RowFiles final : public VectorWriter {
 public:
  /// The files must outlive the object.
  RowFiles(std::unique_ptr<RowFormat> format, std::span<const VectorTable> tables, base::OutputFiles& files);

  void write(const VectorTable& table, const VectorRows& rows) override;

 private:
  std::unique_ptr<RowFormat> format_;
  std::map<std::string, base::OutputFile*> files_;  // by the noun of the table
  std::string bytes_;                               // of the rows that are being written
};

}  // namespace gemel::serving
