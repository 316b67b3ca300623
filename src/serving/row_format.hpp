#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "serving/vector_source.hpp"

namespace gemel::serving {

/// What a file with the rows of one table looks like.
class RowFormat {
 public:
  virtual ~RowFormat() = default;

  /// "items.npy"; empty where the table has nothing for such a file.
  virtual std::string file_name(const VectorTable& table) const = 0;
  /// What stands before the rows.
  virtual std::string head(const VectorTable& /*table*/) const { return {}; }
  /// Appends rows; `bytes` may have others.
  virtual void append(const VectorTable& table, const VectorRows& rows, std::string& bytes) const = 0;
};

/// numpy's format, version 1.0: a matrix [rows, dim] of float32.
std::unique_ptr<RowFormat> npy_format();
/// The format of the TEXMEX corpora, which Faiss's examples read: each row is its width, int32, and its floats.
std::unique_ptr<RowFormat> fvecs_format();
/// The ids, one a line: "item_ids.txt".
std::unique_ptr<RowFormat> id_lines_format();
/// The labels, one a line: "item_labels.txt".
std::unique_ptr<RowFormat> label_lines_format();
/// A heading, then id, label and the numbers of the vector, between commas; fields are quoted as in RFC 4180.
std::unique_ptr<RowFormat> csv_format();
/// An object a line, as bulk loaders of vector stores take it: {"id": ..., "vector": [...], "payload": {"label": ..., "count": ...}}.
std::unique_ptr<RowFormat> jsonl_format();

/// Appends a text to a file of one text a line. Throws OutputError that begins with `file` for one with a line break.
void append_line(std::string_view text, std::string_view file, std::string& bytes);

}  // namespace gemel::serving
