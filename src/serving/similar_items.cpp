#include "serving/similar_items.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "ingest/block_strings.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"
#include "options/nearest_name.hpp"
#include "serving/vector_source.hpp"

namespace gemel::serving {
namespace {

constexpr std::size_t most_suggestions = 5;

/// Rows of this rank's block whose string is `text`, of all ranks. Collective.
std::vector<std::int64_t> rows_with(std::string_view text, const ingest::VocabularyBlock& block,
                                    mpi::Communicator& communicator) {
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < block.strings.size(); ++i) {
    if (block.strings[i] == text) rows.push_back(block.first + static_cast<std::int64_t>(i));
  }
  return communicator.all_gather_varying(std::span<const std::int64_t>(rows));
}

/// The labels that are most like `text`: those that have it in them, then those of the fewest changes. Collective.
std::vector<std::string> nearest_labels(std::string_view text, const ingest::StringColumn& labels,
                                        mpi::Communicator& communicator) {
  std::set<std::pair<std::size_t, std::string>> nearest;
  const auto consider = [&](std::string_view label) {
    const bool has_it = !text.empty() && boost::algorithm::icontains(label, text);
    nearest.emplace(has_it ? 0 : options::edit_distance(text, label), label);
    if (nearest.size() > most_suggestions) nearest.erase(std::prev(nearest.end()));
  };
  for (std::size_t i = 0; i < labels.size(); ++i) consider(labels[i]);
  ingest::StringColumn own;
  for (const auto& [distance, label] : nearest) own.push_back(label);
  const ingest::StringColumn all = ingest::all_gather_strings(own, communicator);
  for (std::size_t i = 0; i < all.size(); ++i) consider(all[i]);
  std::vector<std::string> names;
  for (const auto& [distance, label] : nearest) names.push_back(ingest::quote(label));
  return names;
}

}  // namespace

std::int64_t find_item(std::string_view id_or_label, const model::Catalogue& catalogue,
                       mpi::Communicator& communicator) {
  const auto with_id = rows_with(id_or_label, catalogue.ids, communicator);
  if (!with_id.empty()) return with_id.front();
  const auto with_label = rows_with(id_or_label, catalogue.labels, communicator);
  if (with_label.size() == 1) return with_label.front();
  const auto refuse = [&](const std::string& message) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("--item {}: {}", ingest::quote(id_or_label), message));
  };
  if (with_label.empty()) {
    refuse(fmt::format("no item of the catalogue has this id or label; the nearest labels are {}",
                       fmt::join(nearest_labels(id_or_label, catalogue.labels.strings, communicator), ", ")));
  }
  const auto ids = ingest::strings_at(catalogue.ids, with_label, communicator).texts();
  refuse(
      fmt::format("{} items have this label; give one of their ids: {}", ids.size(), fmt::join(ids, ", ")));
  return 0;
}

SimilarItems::SimilarItems(const model::LoadedModel& model, Measure measure, std::size_t k,
                           std::optional<std::int64_t> item, int threads, mpi::Communicator& communicator)
    : catalogue_(model.catalogue()),
      first_(item.value_or(0)),
      last_(item ? *item + 1 : catalogue_.size()),
      k_(std::min(k, static_cast<std::size_t>(std::max<std::int64_t>(catalogue_.size() - 1, 1)))),
      communicator_(communicator),
      team_(threads),
      vectors_(compared_vectors(model, measure)),
      retriever_(catalogue_.size(), vectors_.view(), nullptr, communicator, team_) {}

std::size_t SimilarItems::longest_query() {
  return longest(catalogue_.ids.strings, communicator_);
}

ItemLists SimilarItems::make(std::int64_t first, std::int64_t last) {
  const std::int64_t own_first = catalogue_.ids.first;
  const std::int64_t own_last = own_first + static_cast<std::int64_t>(vectors_.rows());
  const std::int64_t start = std::clamp(first_ + first, own_first, own_last);
  const std::int64_t end = std::clamp(first_ + last, own_first, own_last);
  const auto place = static_cast<std::size_t>(start - own_first);
  const auto count = static_cast<std::size_t>(end - start);
  std::vector<std::int32_t> itself(count);
  std::vector<std::span<const std::int32_t>> left_out;
  ItemLists lists;
  lists.unknown.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    itself[i] = static_cast<std::int32_t>(start + static_cast<std::int64_t>(i));
    left_out.push_back(std::span<const std::int32_t>(itself).subspan(i, 1));
    lists.queries.push_back(catalogue_.ids.strings[place + i]);
  }
  lists.lists = retriever_.search(vectors_.view().middle_rows(place, count), k_, left_out);
  name_items(lists, catalogue_, communicator_);
  return lists;
}

}  // namespace gemel::serving
