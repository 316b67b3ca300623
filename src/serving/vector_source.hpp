#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ingest/columns.hpp"
#include "mpi/communicator.hpp"
#include "tensor/matrix.hpp"

namespace gemel::serving {

/// What is known of vectors before they come.
struct VectorTable {
  std::string noun;  ///< what a row is of: "item"
  std::int64_t rows = 0;
  std::size_t dim = 0;
  bool has_labels = false;  ///< and counts
  std::size_t longest_id = 0;
  std::size_t longest_label = 0;
};

/// Some consecutive rows of a table of vectors.
struct VectorRows {
  std::int64_t first = 0;
  ingest::StringColumn ids;
  ingest::StringColumn labels;       ///< where the table has labels
  std::vector<std::int64_t> counts;  ///< of training examples; where the table has labels
  tensor::Matrix vectors;            ///< [rows, dim]

  std::size_t size() const { return ids.size(); }
};

/// Vectors with the ids of what they are of. Every rank has a block of them, in rank order, or can compute it.
class VectorSource {
 public:
  virtual ~VectorSource() = default;
  VectorSource(const VectorSource&) = delete;
  VectorSource& operator=(const VectorSource&) = delete;

  const VectorTable& table() const { return table_; }
  /// Of this rank's block.
  std::size_t own_rows() const { return own_rows_; }
  /// Rows [first, first + count) of this rank's block, of which VectorRows::first is not set; ranks may ask for different ones, also
  /// for none. Collective.
  virtual VectorRows own(std::size_t first, std::size_t count) = 0;

 protected:
  VectorSource(VectorTable table, std::size_t own_rows) : table_(std::move(table)), own_rows_(own_rows) {}

 private:
  VectorTable table_;
  std::size_t own_rows_;
};

/// The length of the longest string of all ranks. Collective.
std::size_t longest(const ingest::StringColumn& mine, mpi::Communicator& communicator);

/// Strings [first, first + count) of a column.
ingest::StringColumn middle_strings(const ingest::StringColumn& strings, std::size_t first,
                                    std::size_t count);

/// Rows that travel at a time: about 4 MiB.
std::size_t rows_of_piece(std::size_t dim);

/// Calls visit(rows) on root for all rows of a source, in their order, at most `piece` of them at a time: no rank holds more than that
/// beside its own block. What it throws, all ranks throw as AgreedError. Collective.
void for_each_piece(VectorSource& source, std::size_t piece, mpi::Communicator& communicator,
                    const std::function<void(const VectorRows& rows)>& visit);

}  // namespace gemel::serving
