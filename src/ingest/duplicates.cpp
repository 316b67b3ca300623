#include "ingest/duplicates.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/kept_rows.hpp"
#include "ingest/pair_runs.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

/// Gives the first interaction of each run the sum of a column over the run. Collective.
template <class T>
void add_up(std::vector<T>& column, PairRuns& runs) {
  std::vector<T> values = runs.exchange().to_owners(std::span<const T>(column));
  runs.for_each([&](std::span<const std::uint32_t> run) {
    for (const std::uint32_t index : run.subspan(1)) values[run.front()] += values[index];
  });
  column = runs.exchange().back(std::span<const T>(values));
}

/// Makes the column, if it is that of counts and is not there. Throws AgreedError (usage). Collective.
void add_up(const std::string& name, Dataset& dataset, PairRuns& runs) {
  Columns& columns = dataset.interactions;
  if (const auto decimals = columns.decimals.find(name); decimals != columns.decimals.end())
    return add_up(decimals->second, runs);
  if (!columns.numbers.contains(name)) {
    if (name != count_column || columns.strings.contains(name)) {
      throw mpi::AgreedError(
          base::ExitCode::usage,
          fmt::format("--duplicates sum: the interactions have no column {} of numbers to add up. Their "
                      "columns are: {}. Name one of numbers with --weight-column.",
                      name, columns.describe()));
    }
    columns.numbers[name].assign(dataset.item_rows.size(), 1);
  }
  add_up(columns.numbers.at(name), runs);
}

}  // namespace

std::string merge_duplicates(Duplicates duplicates, const std::string& weight_column, Dataset& dataset,
                             mpi::Communicator& communicator) {
  if (duplicates == Duplicates::keep) return {};
  const UserNumbers users = number_users(dataset.interactions, communicator);
  PairRuns runs(dataset, users, communicator);
  std::vector<std::uint8_t> is_kept(runs.size(), 0);
  runs.for_each([&](std::span<const std::uint32_t> run) {
    is_kept[duplicates == Duplicates::last ? run.back() : run.front()] = 1;
  });
  const std::vector<std::uint8_t> kept = runs.exchange().back(std::span<const std::uint8_t>(is_kept));
  std::string added_up;
  if (duplicates == Duplicates::sum) {
    added_up = weight_column.empty() ? count_column : weight_column;
    add_up(added_up, dataset, runs);
    dataset.content_hash += hash_of("--duplicates sum");
  }
  keep_interactions(dataset, {kept.begin(), kept.end()}, communicator);
  return added_up;
}

}  // namespace gemel::ingest
