#include "ingest/synthetic.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "ingest/synthetic_events.hpp"
#include "ingest/synthetic_items.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

/// The given rows of the catalogue.
Columns catalogue_of(const SyntheticItems& items, exchange::RowRange range) {
  Columns columns;
  columns.rows = static_cast<std::size_t>(range.size());
  TextColumn& ids = columns.strings["item_id"];
  TextColumn& titles = columns.strings["title"];
  TextColumn& genres = columns.strings["genres"];
  for (std::int64_t row = range.first; row < range.last; ++row) {
    ids.push_back(fmt::format_int(row + 1).c_str());
    titles.push_back(items.title(row));
    genres.push_back(items.genres(row));
  }
  return columns;
}

/// Of rows from `first` on; the hashes of all blocks add up to that of the catalogue.
std::uint64_t catalogue_hash(const Columns& catalogue, std::int64_t first) {
  const TextColumn& titles = catalogue.strings.at("title");
  std::uint64_t hash = 0;
  for (std::size_t row = 0; row < titles.size(); ++row) {
    const std::string_view title = titles[row];
    hash += XXH3_64bits_withSeed(title.data(), title.size(), static_cast<std::uint64_t>(first) + row);
  }
  return hash;
}

/// Refuses more data than there is memory for. Bytes of an interaction: 28 and the digits of its user are kept (8 for the place of
/// these digits, 16 of rating and time, 4 of the item), and 50 more are needed until it is an example (measured: 80 to 90 in all). Of
/// an item: 100 of its texts. Collective.
void require_memory(const SyntheticOptions& options, mpi::Communicator& communicator) {
  const double interaction = 78.0 + std::log10(static_cast<double>(options.users) + 1);
  constexpr double item = 100;
  const double all =
      interaction * static_cast<double>(options.interactions) + item * static_cast<double>(options.items);
  mpi::require_memory(
      all / communicator.size(),
      fmt::format("synthetic data of {} interactions and {} items", options.interactions, options.items),
      "give fewer --synthetic-interactions and --synthetic-items (trainer plan --interactions N --items N "
      "plans for more than it "
      "makes)",
      communicator);
}

}  // namespace

void check(const SyntheticOptions& options) {
  if (options.users < 1 || options.items < 1 || options.interactions < 1) {
    throw base::UsageError(
        fmt::format("synthetic data of {} users, {} items and {} interactions: each must be at least 1.",
                    options.users, options.items, options.interactions));
  }
  constexpr std::int64_t most_items = std::numeric_limits<std::int32_t>::max() - 1;
  if (options.items > most_items) {
    throw base::UsageError(
        fmt::format("synthetic data of {} items: at most {} are possible.", options.items, most_items));
  }
}

Dataset synthesize(const SyntheticOptions& options, mpi::Communicator& communicator) {
  check(options);
  require_memory(options, communicator);
  const SyntheticItems items(options);
  const SyntheticEvents events(options, items);
  Dataset dataset;
  dataset.name = "synthetic";
  dataset.users_come_back = true;
  const auto range = exchange::RowBlocks(options.items, communicator.size()).block(communicator.rank());
  dataset.catalogue = catalogue_of(items, range);
  dataset.catalogue_first = range.first;
  dataset.catalogue_total = options.items;
  dataset.total = options.interactions;
  const auto own = exchange::RowBlocks(options.interactions, communicator.size()).block(communicator.rank());
  dataset.first = own.first;

  TextColumn& users = dataset.interactions.strings["user_id"];
  std::vector<std::int64_t>& ratings = dataset.interactions.numbers["rating"];
  std::vector<std::int64_t>& timestamps = dataset.interactions.numbers["timestamp"];
  std::uint64_t hash = catalogue_hash(dataset.catalogue, dataset.catalogue_first);
  const auto count = static_cast<std::size_t>(own.size());
  users.reserve(count);
  ratings.reserve(count);
  timestamps.reserve(count);
  dataset.item_rows.reserve(count);
  for (std::int64_t index = own.first; index < own.last; ++index) {
    const SyntheticEvent event = events.event(index);
    users.push_back(fmt::format_int(event.user + 1).c_str());
    ratings.push_back(event.rating);
    timestamps.push_back(event.timestamp);
    dataset.item_rows.push_back(static_cast<std::int32_t>(event.item_row));
    hash += XXH3_64bits_withSeed(&event, sizeof(event), static_cast<std::uint64_t>(index));
  }
  dataset.interactions.rows = users.size();
  dataset.content_hash = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash)));
  return dataset;
}

}  // namespace gemel::ingest
