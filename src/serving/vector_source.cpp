#include "serving/vector_source.hpp"

#include <algorithm>
#include <span>

#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"
#include "serving/root_rows.hpp"

namespace gemel::serving {
namespace {

constexpr std::size_t piece_bytes = std::size_t{4} << 20;
constexpr std::size_t least_piece = 256;  // what is embedded at a time

/// The rows of `owner`, which alone has any, on root. Collective.
VectorRows on_root(const VectorRows& mine, const VectorTable& table, int owner, std::size_t count,
                   mpi::Communicator& communicator) {
  VectorRows rows;
  std::vector<std::size_t> unused;
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  counts.front() = mine.size();
  rows.ids = ingest::all_to_all_strings(mine.ids, counts, unused, communicator);
  if (table.has_labels) {
    rows.labels = ingest::all_to_all_strings(mine.labels, counts, unused, communicator);
    rows.counts = communicator.all_to_all(std::span<const std::int64_t>(mine.counts), counts, unused);
  }
  rows.vectors.resize(communicator.is_root() ? count : 0, table.dim);
  values_to_root(mine.vectors.view().flat(), owner, rows.vectors.view().flat(), communicator);
  return rows;
}

}  // namespace

std::size_t longest(const ingest::StringColumn& mine, mpi::Communicator& communicator) {
  std::size_t length = 0;
  for (std::size_t i = 0; i < mine.size(); ++i) length = std::max(length, mine[i].size());
  return static_cast<std::size_t>(communicator.max(static_cast<std::int64_t>(length)));
}

ingest::StringColumn middle_strings(const ingest::StringColumn& strings, std::size_t first,
                                    std::size_t count) {
  ingest::StringColumn middle;
  for (std::size_t i = first; i < first + count; ++i) middle.push_back(strings[i]);
  return middle;
}

std::size_t rows_of_piece(std::size_t dim) {
  const std::size_t rows = piece_bytes / (std::max<std::size_t>(dim, 1) * sizeof(float));
  return std::max(rows / least_piece, std::size_t{1}) * least_piece;
}

void for_each_piece(VectorSource& source, std::size_t piece, mpi::Communicator& communicator,
                    const std::function<void(const VectorRows& rows)>& visit) {
  const std::vector<std::size_t> rows_of_rank = communicator.all_gather(source.own_rows());
  std::int64_t row = 0;
  for (int owner = 0; owner < communicator.size(); ++owner) {
    const std::size_t rows = rows_of_rank[static_cast<std::size_t>(owner)];
    for (std::size_t first = 0; first < rows; first += piece) {
      const std::size_t count = std::min(piece, rows - first);
      const bool is_mine = owner == communicator.rank();
      const VectorRows mine = source.own(is_mine ? first : 0, is_mine ? count : 0);
      VectorRows all = on_root(mine, source.table(), owner, count, communicator);
      all.first = row;
      mpi::agree(communicator, [&] {
        if (communicator.is_root()) visit(all);
      });
      row += static_cast<std::int64_t>(count);
    }
  }
}

}  // namespace gemel::serving
