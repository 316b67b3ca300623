#include "serving/grouping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/even_cuts.hpp"
#include "features/text.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/order_statistic.hpp"
#include "ingest/string_exchange.hpp"
#include "mpi/agreement.hpp"

namespace gemel::serving {
namespace {

constexpr const char* list_separator = "|";
constexpr int deciles = 10;

using Keys = std::vector<std::int64_t>;  // numbers in whose order groups stand
using KeyText = std::function<std::string(std::int64_t)>;

std::string whole(std::int64_t key) {
  return fmt::format("{}", key);
}

/// Whole numbers that are in the order of decimal ones, and back.
std::int64_t key_of(double number) {
  const auto bits = std::bit_cast<std::int64_t>(number + 0.0);
  return bits >= 0 ? bits : std::numeric_limits<std::int64_t>::min() - bits;
}
std::string decimal(std::int64_t key) {
  return fmt::format("{}",
                     std::bit_cast<double>(key >= 0 ? key : std::numeric_limits<std::int64_t>::min() - key));
}

/// Numbers of equal frequency as far as equal ones can be apart: the largest key of each decile of all ranks' keys. Equal keys are in
/// one group.
class Deciles {
 public:
  /// `own` are this rank's keys, of all ranks at least one. Collective.
  Deciles(Keys own, mpi::Communicator& communicator) {
    std::ranges::sort(own);
    const base::EvenCuts cuts(communicator.sum(std::ssize(own)), deciles);
    for (int decile = 1; decile <= deciles; ++decile) {
      const std::int64_t count = std::max<std::int64_t>(cuts.start(decile), 1);
      const std::int64_t border = ingest::kth_smallest(own, count, communicator);
      if (!borders_.empty() && borders_.back() == border) {
        last_deciles_.back() = decile;
        continue;
      }
      borders_.push_back(border);
      last_deciles_.push_back(decile);
    }
  }

  std::size_t group_of(std::int64_t key) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(borders_, key) - borders_.begin());
  }
  std::vector<std::string> names(const KeyText& text) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < borders_.size(); ++i) {
      const int first = i == 0 ? 1 : last_deciles_[i - 1] + 1;
      const std::string number =
          first == last_deciles_[i] ? std::to_string(first) : fmt::format("{}-{}", first, last_deciles_[i]);
      const std::string above = i == 0 ? "" : fmt::format("above {} ", text(borders_[i - 1]));
      names.push_back(fmt::format("{}: {}to {}", number, above, text(borders_[i])));
    }
    return names;
  }

 private:
  Keys borders_;                   // largest keys of groups, ascending
  std::vector<int> last_deciles_;  // of each group
};

std::uint32_t bit(std::size_t group) {
  return std::uint32_t{1} << group;
}

Grouping group_by_deciles(const Deciles& of_all, const Keys& of_examples, const KeyText& text) {
  Grouping grouping = {of_all.names(text), {}};
  for (const std::int64_t key : of_examples) grouping.masks.push_back(bit(of_all.group_of(key)));
  return grouping;
}

/// Collective.
Grouping group_by_popularity(const EvaluationData& data, std::span<const std::int64_t> item_counts,
                             mpi::Communicator& communicator) {
  const base::EvenCuts cuts(std::ssize(item_counts), communicator.size());
  const Deciles of_items({item_counts.begin() + cuts.start(communicator.rank()),
                          item_counts.begin() + cuts.start(communicator.rank() + 1)},
                         communicator);
  Grouping grouping = {of_items.names(whole), {}};
  const std::size_t no_item = grouping.names.size();
  if (data.with_unknown_item > 0) grouping.names.emplace_back("not in the catalogue");
  for (const std::int32_t item : data.examples.items) {
    const auto row = static_cast<std::size_t>(item);
    grouping.masks.push_back(bit(row < item_counts.size() ? of_items.group_of(item_counts[row]) : no_item));
  }
  return grouping;
}

/// Collective.
Grouping group_by_activity(const EvaluationData& data, mpi::Communicator& communicator) {
  const Keys& counts = data.user_counts;
  const base::EvenCuts cuts(std::ssize(counts), communicator.size());
  const Deciles of_users({counts.begin() + cuts.start(communicator.rank()),
                          counts.begin() + cuts.start(communicator.rank() + 1)},
                         communicator);
  Keys keys;
  for (const std::int32_t user : data.examples.users) keys.push_back(counts[static_cast<std::size_t>(user)]);
  return group_by_deciles(of_users, keys, whole);
}

/// All ranks' different keys, or most_values + 1 of them where there are more. Collective.
std::set<std::int64_t> distinct_keys(const Keys& keys, mpi::Communicator& communicator) {
  std::set<std::int64_t> own;
  for (const std::int64_t key : keys)
    if (own.size() <= Grouping::most_values) own.insert(key);
  const Keys sent(own.begin(), own.end());
  const Keys all = communicator.all_gather_varying(std::span<const std::int64_t>(sent));
  return {all.begin(), all.end()};
}

/// By the keys of this rank's examples. Collective.
Grouping group_by_number(const Keys& keys, const KeyText& text, mpi::Communicator& communicator) {
  const std::set<std::int64_t> values = distinct_keys(keys, communicator);
  if (values.size() > Grouping::most_values) return group_by_deciles(Deciles(keys, communicator), keys, text);
  Grouping grouping;
  for (const std::int64_t value : values) grouping.names.push_back(text(value));
  for (const std::int64_t key : keys)
    grouping.masks.push_back(bit(static_cast<std::size_t>(std::distance(values.begin(), values.find(key)))));
  return grouping;
}

/// The most frequent values of texts that are spread over the ranks.
class TextValues {
 public:
  /// texts[i] occurs weights[i] times. Collective.
  TextValues(const ingest::TextColumn& texts, std::span<const std::int64_t> weights,
             mpi::Communicator& communicator) {
    ingest::StringColumn parts;
    std::vector<std::int64_t> counts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (weights[i] == 0) continue;
      for (const std::string_view part : features::split_list(texts[i], list_separator)) {
        parts.push_back(part);
        counts.push_back(weights[i]);
      }
    }
    choose(ingest::gather_by_owner(ingest::distinct_strings(parts, counts), communicator), communicator);
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names(groups_.size());
    for (const auto& [value, group] : groups_) names[group] = value.empty() ? "(empty)" : value;
    if (has_others_) names.emplace_back("other values");
    return names;
  }
  std::uint32_t mask(std::string_view text) const {
    std::uint32_t mask = 0;
    for (const std::string_view part : features::split_list(text, list_separator)) {
      const auto found = groups_.find(part);
      mask |= bit(found == groups_.end() ? groups_.size() : found->second);
    }
    return mask;
  }

 private:
  /// Of the values that this rank owns its most frequent ones, and of all ranks' the most frequent. Collective.
  void choose(const ingest::DistinctStrings& owned, mpi::Communicator& communicator) {
    std::vector<std::size_t> order(owned.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {},
                      [&](std::size_t i) { return std::pair(-owned.counts[i], owned.strings[i]); });
    if (order.size() > Grouping::most_values) order.resize(Grouping::most_values);
    ingest::StringColumn sent;
    Keys sent_counts;
    for (const std::size_t i : order) {
      sent.push_back(owned.strings[i]);
      sent_counts.push_back(owned.counts[i]);
    }
    const ingest::StringColumn values = ingest::all_gather_strings(sent, communicator);
    const Keys counts = communicator.all_gather_varying(std::span<const std::int64_t>(sent_counts));
    std::vector<std::pair<std::int64_t, std::string>> best;
    for (std::size_t i = 0; i < values.size(); ++i) best.emplace_back(-counts[i], values[i]);
    std::ranges::sort(best);
    for (const auto& [count, value] : best)
      if (groups_.size() < Grouping::most_values) groups_.emplace(value, groups_.size());
    has_others_ = communicator.sum(std::ssize(owned.counts)) > std::ssize(groups_);
  }

  std::map<std::string, std::size_t, std::less<>> groups_;
  bool has_others_ = false;
};

/// The column of that name; null where there is none.
template <class Column>
const Column* find(const std::map<std::string, Column>& columns, const std::string& name) {
  const auto found = columns.find(name);
  return found == columns.end() ? nullptr : &found->second;
}

/// The values of a column of numbers as keys; nothing where there is no such column.
std::optional<std::pair<Keys, KeyText>> number_keys(const ingest::Columns& columns, const std::string& name) {
  if (const auto* numbers = find(columns.numbers, name)) return std::pair(*numbers, KeyText(whole));
  const auto* decimals = find(columns.decimals, name);
  if (decimals == nullptr) return std::nullopt;
  Keys keys;
  for (const double number : *decimals) keys.push_back(key_of(number));
  return std::pair(std::move(keys), KeyText(decimal));
}

/// By a column of the interactions; no groups where there is none. Collective.
std::optional<Grouping> group_by_interactions(const std::string& by, const EvaluationData& data,
                                              mpi::Communicator& communicator) {
  const ingest::Columns& columns = data.dataset.interactions;
  if (const auto numbers = number_keys(columns, by)) {
    Keys keys;
    for (const std::size_t own : data.chosen) keys.push_back(numbers->first[own]);
    return group_by_number(keys, numbers->second, communicator);
  }
  const auto* texts = find(columns.strings, by);
  if (texts == nullptr) return std::nullopt;
  std::vector<std::int64_t> weights(texts->size(), 0);
  for (const std::size_t own : data.chosen) weights[own] = 1;
  const TextValues values(*texts, weights, communicator);
  Grouping grouping = {values.names(), {}};
  for (const std::size_t own : data.chosen) grouping.masks.push_back(values.mask((*texts)[own]));
  return grouping;
}

/// This rank's block of what is known of the items, on every rank. Collective.
Keys of_all_items(const ingest::Dataset& dataset, const Keys& block, mpi::Communicator& communicator) {
  Keys all(static_cast<std::size_t>(dataset.catalogue_total), 0);
  std::ranges::copy(block, all.begin() + dataset.catalogue_first);
  communicator.sum(std::span(all));
  return all;
}

/// By a column of the items; no groups where there is none. Collective.
std::optional<Grouping> group_by_items(const std::string& by, const EvaluationData& data,
                                       mpi::Communicator& communicator) {
  const ingest::Dataset& dataset = data.dataset;
  const auto item_of = [&](std::size_t own) { return static_cast<std::size_t>(dataset.item_rows[own]); };
  if (const auto numbers = number_keys(dataset.catalogue, by)) {
    const Keys of_items = of_all_items(dataset, numbers->first, communicator);
    Keys keys;
    for (const std::size_t own : data.chosen) keys.push_back(of_items[item_of(own)]);
    return group_by_number(keys, numbers->second, communicator);
  }
  const auto* texts = find(dataset.catalogue.strings, by);
  if (texts == nullptr) return std::nullopt;
  Keys examples(static_cast<std::size_t>(dataset.catalogue_total), 0);  // of each item
  for (const std::size_t own : data.chosen) ++examples[item_of(own)];
  communicator.sum(std::span(examples));
  const auto first = static_cast<std::size_t>(dataset.catalogue_first);
  const TextValues values(*texts, std::span(examples).subspan(first, texts->size()), communicator);
  Keys masks;
  for (std::size_t i = 0; i < texts->size(); ++i) masks.push_back(values.mask((*texts)[i]));
  masks = of_all_items(dataset, masks, communicator);
  Grouping grouping = {values.names(), {}};
  for (const std::size_t own : data.chosen)
    grouping.masks.push_back(static_cast<std::uint32_t>(masks[item_of(own)]));
  return grouping;
}

}  // namespace

Grouping group_examples(const std::string& by, const EvaluationData& data,
                        std::span<const std::int64_t> item_counts, mpi::Communicator& communicator) {
  if (by == "popularity") return group_by_popularity(data, item_counts, communicator);
  if (by == "activity") return group_by_activity(data, communicator);
  if (auto grouping = group_by_interactions(by, data, communicator)) return *std::move(grouping);
  if (auto grouping = group_by_items(by, data, communicator)) return *std::move(grouping);
  throw mpi::AgreedError(
      base::ExitCode::usage,
      fmt::format(
          "--by {}: the data has no such column. Those of the interactions are: {}; those of the items: {}. "
          "Or give popularity or activity",
          by, data.dataset.interactions.describe(), data.dataset.catalogue.describe()));
}

}  // namespace gemel::serving
