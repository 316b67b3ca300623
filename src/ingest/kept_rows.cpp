#include "ingest/kept_rows.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "ingest/string_exchange.hpp"

namespace gemel::ingest {
namespace {

template <class Column>
void keep(Column& column, const std::vector<bool>& kept) {
  Column left;
  for (std::size_t row = 0; row < kept.size(); ++row)
    if (kept[row]) left.push_back(column[row]);
  column = std::move(left);
}

void keep(Columns& columns, const std::vector<bool>& kept) {
  for (auto& [name, column] : columns.strings) keep(column, kept);
  for (auto& [name, column] : columns.numbers) keep(column, kept);
  for (auto& [name, column] : columns.decimals) keep(column, kept);
  columns.rows = static_cast<std::size_t>(std::ranges::count(kept, true));
}

/// Of the kept ones among all ranks' interactions, whichever rank has them. Collective.
std::uint64_t hash_of_kept(const Dataset& dataset, const std::vector<bool>& kept,
                           mpi::Communicator& communicator) {
  const auto part_of = [&](std::size_t own) {
    return dataset.comes_split ? dataset.parts[own] : Part::train;
  };
  std::array<std::int64_t, part_names.size()> numbers = {};  // of the next interaction of each part
  for (std::size_t own = 0; own < kept.size(); ++own) ++numbers[static_cast<std::size_t>(part_of(own))];
  for (std::int64_t& number : numbers) number = communicator.sum_before(number);
  std::uint64_t hash = 0;
  for (std::size_t own = 0; own < kept.size(); ++own) {
    const auto part = static_cast<std::size_t>(part_of(own));
    const std::int64_t number = numbers[part]++;
    if (kept[own]) hash += XXH3_64bits_withSeed(&number, sizeof(number), part + 1);
  }
  // The sum is meant modulo 2^64; only its bits travel as a signed number.
  return static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash)));
}

/// Values that lie in blocks of some rows each, in rank order, as the even blocks of all of them.
class EvenBlocks {
 public:
  /// This rank has `rows` of them. Collective.
  EvenBlocks(std::int64_t rows, mpi::Communicator& communicator)
      : communicator_(communicator), blocks_(communicator.sum(rows), communicator.size()) {
    const std::int64_t first = communicator.sum_before(rows);
    for (int rank = 0; rank < communicator.size(); ++rank) {
      const exchange::RowRange block = blocks_.block(rank);
      counts_.push_back(static_cast<std::size_t>(
          std::max<std::int64_t>(0, std::min(block.last, first + rows) - std::max(block.first, first))));
    }
  }

  exchange::RowRange own() const { return blocks_.block(communicator_.rank()); }
  std::int64_t rows() const { return blocks_.rows(); }

  /// Collective.
  template <class T>
  void cut(std::vector<T>& column) {
    std::vector<std::size_t> received;
    column = communicator_.all_to_all(std::span<const T>(column), counts_, received);
  }
  /// Collective.
  template <class Texts>
  void cut(Texts& column) {
    StringColumn mine;
    for (std::size_t row = 0; row < column.size(); ++row) mine.push_back(column[row]);
    std::vector<std::size_t> received;
    const StringColumn own = all_to_all_strings(mine, counts_, received, communicator_);
    column = Texts();
    for (std::size_t row = 0; row < own.size(); ++row) column.push_back(own[row]);
  }

 private:
  mpi::Communicator& communicator_;
  exchange::RowBlocks blocks_;
  std::vector<std::size_t> counts_;  // of this rank's rows that go to each rank
};

}  // namespace

void keep_interactions(Dataset& dataset, const std::vector<bool>& kept, mpi::Communicator& communicator) {
  base::require(kept.size() == dataset.item_rows.size(), "ingest: each interaction is kept or not");
  const std::int64_t left = communicator.sum(std::ranges::count(kept, true));
  if (left == dataset.total) return;
  dataset.content_hash += hash_of_kept(dataset, kept, communicator);
  keep(dataset.interactions, kept);
  keep(dataset.item_rows, kept);
  if (dataset.comes_split) keep(dataset.parts, kept);
  if (dataset.stored_split) dataset.stored_split->is_whole = false;
  dataset.total = left;
  const auto firsts = dataset.comes_split ? std::ranges::count(dataset.parts, Part::train)
                                          : static_cast<std::ptrdiff_t>(dataset.item_rows.size());
  dataset.first = communicator.sum_before(std::int64_t{firsts});
}

void keep_items(Dataset& dataset, const std::vector<bool>& kept, mpi::Communicator& communicator) {
  base::require(std::ssize(kept) == dataset.catalogue_total, "ingest: each item is kept or not");
  std::vector<std::int32_t> new_rows(kept.size(), -1);
  std::int32_t left = 0;
  for (std::size_t row = 0; row < kept.size(); ++row)
    if (kept[row]) new_rows[row] = left++;
  if (left == dataset.catalogue_total) return;
  dataset.content_hash += XXH3_64bits(new_rows.data(), new_rows.size() * sizeof(std::int32_t));
  for (std::int32_t& row : dataset.item_rows) row = new_rows[static_cast<std::size_t>(row)];

  const auto own = kept.begin() + dataset.catalogue_first;
  keep(dataset.catalogue, {own, own + static_cast<std::ptrdiff_t>(dataset.catalogue.rows)});
  EvenBlocks blocks(static_cast<std::int64_t>(dataset.catalogue.rows), communicator);
  for (auto& [name, column] : dataset.catalogue.strings) blocks.cut(column);
  for (auto& [name, column] : dataset.catalogue.numbers) blocks.cut(column);
  for (auto& [name, column] : dataset.catalogue.decimals) blocks.cut(column);
  dataset.catalogue.rows = static_cast<std::size_t>(blocks.own().size());
  dataset.catalogue_first = blocks.own().first;
  dataset.catalogue_total = blocks.rows();
}

}  // namespace gemel::ingest
