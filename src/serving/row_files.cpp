#include "serving/row_files.hpp"

#include <utility>

namespace gemel::serving {

RowFiles::RowFiles(std::unique_ptr<RowFormat> format, std::span<const VectorTable> tables,
                   base::OutputFiles& files)
    : format_(std::move(format)) {
  for (const VectorTable& table : tables) {
    const std::string name = format_->file_name(table);
    if (name.empty()) continue;
    base::OutputFile& file = files.add(name);
    file.write(format_->head(table));
    files_[table.noun] = &file;
  }
}

void RowFiles::write(const VectorTable& table, const VectorRows& rows) {
  const auto file = files_.find(table.noun);
  if (file == files_.end()) return;
  bytes_.clear();
  format_->append(table, rows, bytes_);
  file->second->write(bytes_);
}

}  // namespace gemel::serving
