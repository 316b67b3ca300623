#include "ingest/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/error.hpp"
#include "base/give_back.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();

/// Owned strings of a stored vocabulary with their rows.
struct StoredRows {
  StringColumn strings;
  std::vector<std::uint32_t> rows;
};

/// Deals the strings of `stored`, but for special rows, to the ranks that own them. Collective.
StoredRows deal_stored(const VocabularyBlock& stored, mpi::Communicator& communicator) {
  std::vector<int> owners(stored.strings.size());
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (stored.first + static_cast<std::int64_t>(i) < VocabularyDirectory::special_rows) continue;
    owners[i] = owner_of_hash(hash_of(stored.strings[i]), communicator.size());
    ++counts[static_cast<std::size_t>(owners[i])];
    order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return owners[a] < owners[b]; });
  StringColumn strings;
  strings.reserve(order.size(), stored.strings.characters().size());
  std::vector<std::uint32_t> rows;
  for (const std::size_t i : order) {
    strings.push_back(stored.strings[i]);
    rows.push_back(static_cast<std::uint32_t>(stored.first + static_cast<std::int64_t>(i)));
  }
  std::vector<std::size_t> received;
  StoredRows dealt;
  dealt.strings = all_to_all_strings(strings, counts, received, communicator);
  dealt.rows = communicator.all_to_all(std::span<const std::uint32_t>(rows), counts, received);
  return dealt;
}

}  // namespace

void check_table_rows(std::int64_t rows, std::string_view what) {
  if (rows <= most_table_rows) return;
  throw mpi::AgreedError(base::ExitCode::data,
                         fmt::format("{}: the data has {} rows for its table, at most {} can be numbered. "
                                     "Declare the column as hash(N).",
                                     what, rows, most_table_rows));
}

void refuse_stored_vocabulary(std::string_view what) {
  throw mpi::AgreedError(
      base::ExitCode::checkpoint,
      fmt::format(
          "{}: its stored vocabulary lacks rows, or has a string twice. Resume from another checkpoint.",
          what));
}

RowMap make_row_map(const StringColumn& strings, std::size_t special) {
  base::require(strings.size() <= static_cast<std::size_t>(most_table_rows),
                "make_row_map: more rows than 32 bits can number");
  RowMap rows;
  rows.reserve(strings.size());
  for (std::size_t row = special; row < strings.size(); ++row)
    rows.emplace(strings[row], static_cast<std::uint32_t>(row));
  return rows;
}

VocabularyBlock own_block(const StringColumn& whole, const mpi::Communicator& communicator) {
  const auto rows = static_cast<std::int64_t>(whole.size());
  const auto range = exchange::RowBlocks(rows, communicator.size()).block(communicator.rank());
  VocabularyBlock block = {rows, range.first, {}};
  for (std::int64_t row = range.first; row < range.last; ++row)
    block.strings.push_back(whole[static_cast<std::size_t>(row)]);
  return block;
}

VocabularyDirectory::VocabularyDirectory(const DistinctStrings& mine, mpi::Communicator& communicator,
                                         std::string_view what)
    : owned_(gather_by_owner(mine, communicator)) {
  const auto count = static_cast<std::int64_t>(owned_.size());
  added_ = communicator.sum(count);
  rows_ = special_rows + added_;
  check_table_rows(rows_, what);
  first_row_ = static_cast<std::uint32_t>(special_rows + communicator.sum_before(count));
}

VocabularyDirectory::VocabularyDirectory(const DistinctStrings& mine, const VocabularyBlock& stored,
                                         bool freeze, mpi::Communicator& communicator,
                                         std::string_view what) {
  std::int64_t repeated = 0;
  {
    const StoredRows old = deal_stored(stored, communicator);
    DistinctStrings seen = gather_by_owner(mine, communicator);
    StringColumn all = old.strings;
    std::vector<std::int64_t> counts(old.strings.size(), 0);
    counts.insert(counts.end(), seen.counts.begin(), seen.counts.end());
    for (std::size_t i = 0; i < seen.size(); ++i) all.push_back(seen.strings[i]);
    seen = {};
    owned_ = distinct_strings(all, counts);
    rows_of_owned_.assign(owned_.size(), no_row);
    for (std::size_t i = 0; i < old.rows.size(); ++i) {
      std::uint32_t& row = rows_of_owned_[owned_.places[i]];
      repeated += row != no_row ? 1 : 0;
      row = old.rows[i];
    }
    base::give_back(owned_.places);
  }
  const auto stored_here = static_cast<std::int64_t>(stored.strings.size());
  if (communicator.sum(repeated) > 0 || communicator.sum(stored_here) != stored.rows ||
      stored.rows < special_rows) {
    refuse_stored_vocabulary(what);
  }
  number_new(stored.rows, freeze, communicator, what);
}

void VocabularyDirectory::number_new(std::int64_t old_rows, bool freeze, mpi::Communicator& communicator,
                                     std::string_view what) {
  const auto unnumbered = std::count(rows_of_owned_.begin(), rows_of_owned_.end(), no_row);
  added_ = freeze ? 0 : communicator.sum(std::int64_t{unnumbered});
  rows_ = old_rows + added_;
  check_table_rows(rows_, what);
  std::int64_t next = old_rows + communicator.sum_before(std::int64_t{unnumbered});
  for (std::uint32_t& row : rows_of_owned_) {
    if (row == no_row) row = freeze ? unknown_row : static_cast<std::uint32_t>(next++);
  }
}

std::uint32_t VocabularyDirectory::find(std::string_view text) const {
  const std::uint64_t hash = hash_of(text);
  const auto& hashes = owned_.hashes;
  for (auto at = std::lower_bound(hashes.begin(), hashes.end(), hash); at != hashes.end() && *at == hash;
       ++at) {
    const auto index = static_cast<std::size_t>(at - hashes.begin());
    if (owned_.strings[index] == text) return row(index);
  }
  return unknown_row;
}

std::vector<std::uint32_t> VocabularyDirectory::find(const StringColumn& texts) const {
  std::vector<std::uint32_t> rows(texts.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = find(texts[i]);
  return rows;
}

std::vector<std::uint32_t> VocabularyDirectory::rows_of(const DistinctStrings& asked,
                                                        mpi::Communicator& communicator) const {
  if (communicator.size() == 1) return find(asked.strings);
  const std::vector<std::size_t> sent = asked.counts_by_owner(communicator.size());
  std::vector<std::size_t> received;
  const StringColumn questions = all_to_all_strings(asked.strings, sent, received, communicator);
  const std::vector<std::uint32_t> answers = find(questions);
  std::vector<std::uint32_t> rows(asked.size());
  mpi::Pending pending;
  communicator.start_all_to_all(std::span<const std::uint32_t>(answers),
                                std::span<const std::size_t>(received), std::span(rows),
                                std::span<const std::size_t>(sent), pending);
  pending.wait();
  return rows;
}

VocabularyBlock VocabularyDirectory::block(mpi::Communicator& communicator) const {
  const exchange::RowBlocks blocks(rows_, communicator.size());
  std::vector<std::size_t> order;
  std::vector<std::size_t> counts(static_cast<std::size_t>(communicator.size()), 0);
  for (std::size_t i = 0; i < owned_.size(); ++i) {
    if (row(i) == unknown_row) continue;
    order.push_back(i);
    ++counts[static_cast<std::size_t>(blocks.owner(row(i)))];
  }
  if (!rows_of_owned_.empty()) {
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return row(a) < row(b); });
  }
  StringColumn strings;
  strings.reserve(order.size(), owned_.strings.characters().size());
  std::vector<std::uint32_t> rows;
  for (const std::size_t i : order) {
    strings.push_back(owned_.strings[i]);
    rows.push_back(row(i));
  }
  std::vector<std::size_t> received;
  const StringColumn came = all_to_all_strings(strings, counts, received, communicator);
  const auto came_rows = communicator.all_to_all(std::span<const std::uint32_t>(rows), counts, received);

  const exchange::RowRange range = blocks.block(communicator.rank());
  std::vector<std::size_t> place(static_cast<std::size_t>(range.size()));
  for (std::size_t i = 0; i < came.size(); ++i)
    place[static_cast<std::size_t>(std::int64_t{came_rows[i]} - range.first)] = i;
  VocabularyBlock block = {rows_, range.first, {}};
  block.strings.reserve(place.size(), came.characters().size() + unknown_token.size());
  for (std::int64_t row = range.first; row < range.last; ++row) {
    block.strings.push_back(row < special_rows ? unknown_token
                                               : came[place[static_cast<std::size_t>(row - range.first)]]);
  }
  return block;
}

}  // namespace gemel::ingest
