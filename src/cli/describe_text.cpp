#include "cli/describe_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/report_text.hpp"
#include "ingest/date_text.hpp"
#include "ingest/line_errors.hpp"

namespace gemel::cli {
namespace {

using ingest::ColumnSummary;
using ingest::DataSummary;
using ingest::Distribution;
using nlohmann::ordered_json;

constexpr std::array<const char*, ingest::quantile_shares.size()> quantile_names = {
    "least", "25 %", "median", "75 %", "90 %", "99 %", "most"};

/// As long as `count` is of `most`; something for everything that is not 0.
std::string bar(std::int64_t count, std::int64_t most) {
  constexpr double width = 20;
  if (count == 0) return "";
  const double length = width * static_cast<double>(count) / static_cast<double>(most);
  return std::string(static_cast<std::size_t>(std::max(1.0, std::round(length))), '#');
}

double percent(std::int64_t some, std::int64_t all) {
  return all > 0 ? 100 * static_cast<double>(some) / static_cast<double>(all) : 0;
}

std::string head_text(const DataSummary& data) {
  std::string text = fmt::format("{}: {} interactions of {} users with {} items, {:.3g} % of all pairs\n",
                                 data.name, data.interactions, data.users, data.items, 100 * data.density());
  const auto out = std::back_inserter(text);
  if (data.times) {
    constexpr double seconds_of_day = 86400;
    const double days =
        (static_cast<double>(data.times->last) - static_cast<double>(data.times->first)) / seconds_of_day;
    fmt::format_to(out, "from {} to {}, {:.1f} days\n", ingest::date_text(data.times->first),
                   ingest::date_text(data.times->last), days);
  }
  if (data.comes_split)
    fmt::format_to(out, "{} to train, {} to validate, {} to test\n", data.parts[0], data.parts[1],
                   data.parts[2]);
  return text;
}

std::string quantiles_text(const DataSummary& data) {
  std::string text = fmt::format("\n{:<24}", "interactions");
  const auto out = std::back_inserter(text);
  for (const char* name : quantile_names) fmt::format_to(out, " {:>7}", name);
  const auto line = [&](const char* what, const Distribution& distribution) {
    fmt::format_to(out, "\n  {:<22}", what);
    for (const std::int64_t count : distribution.quantiles) fmt::format_to(out, " {:>7}", count);
  };
  line("of a user", data.activity);
  line("of an item", data.popularity);
  return text + "\n";
}

/// The bins of both, side by side.
std::string histogram_text(const DataSummary& data) {
  std::string text = fmt::format("\n{:<16} {:>10} {:<21} {:>10}\n", "interactions", "users", "", "items");
  const auto find = [](const Distribution& distribution, std::int64_t least) {
    const auto& bins = distribution.bins;
    const auto bin = std::ranges::find(bins, least, &ingest::CountBin::least);
    return bin == bins.end() ? 0 : bin->things;
  };
  const auto largest = [](const Distribution& distribution) {
    return std::ranges::max_element(distribution.bins, {}, &ingest::CountBin::things)->things;
  };
  const std::int64_t most = std::max(data.activity.greatest(), data.popularity.greatest());
  for (std::int64_t least = std::min(data.activity.bins[0].least, data.popularity.bins[0].least);
       least <= most; least = std::max<std::int64_t>(1, 2 * least)) {
    const std::int64_t last = std::max(least, 2 * least - 1);
    const std::int64_t users = find(data.activity, least);
    const std::int64_t items = find(data.popularity, least);
    std::string line =
        fmt::format("  {:<14} {:>10} {:<21} {:>10} {}",
                    least == last ? fmt::format("{}", least) : fmt::format("{} to {}", least, last), users,
                    bar(users, largest(data.activity)), items, bar(items, largest(data.popularity)));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string ratings_text(const DataSummary& data) {
  if (data.ratings.empty()) return "";
  std::string text = "\nratings\n";
  const auto most = std::ranges::max_element(data.ratings, {}, &ingest::ValueBin::values)->values;
  for (const ingest::ValueBin& bin : data.ratings) {
    const std::string values = bin.least == bin.most ? fmt::format("{:g}", bin.least)
                                                     : fmt::format("{:.4g} to {:.4g}", bin.least, bin.most);
    fmt::format_to(std::back_inserter(text), "  {:<18} {:>10} {}\n", values, bin.values,
                   bar(bin.values, most));
  }
  return text;
}

std::string counts_text(const DataSummary& data) {
  std::string text = "\n";
  const auto out = std::back_inserter(text);
  const auto line = [&](const char* what, std::int64_t some, std::int64_t all, const std::string& more = "") {
    fmt::format_to(out, "{:<46} {:>10} {:>6.2f} %{}\n", what, some, percent(some, all), more);
  };
  line("interactions that repeat a user and an item", data.interactions - data.pairs, data.interactions);
  line("  copies, of time and rating, too", data.copies, data.interactions);
  line("users with one interaction", data.activity.with_one, data.users);
  line("items with one interaction", data.popularity.with_one, data.items);
  line("items without interactions", data.popularity.with_none, data.items);
  const std::string title = data.item.title.empty() ? "" : ": " + data.item.title;
  line("interactions of the most active user", data.user.interactions, data.interactions,
       "  " + ingest::quote(data.user.id));
  line("interactions of the most popular item", data.item.interactions, data.interactions,
       "  " + ingest::quote(data.item.id) + title);
  return text;
}

std::string columns_text(const char* what, const std::vector<ColumnSummary>& columns) {
  std::string text = fmt::format("\ncolumns of {}\n", what);
  for (const ColumnSummary& column : columns) {
    std::vector<std::string> examples;
    for (const std::string& example : column.examples)
      examples.push_back(column.range ? example : ingest::quote(example));
    if (column.distinct > std::ssize(examples)) examples.emplace_back("...");
    const std::string range =
        column.range ? fmt::format("{:.12g} to {:.12g}: ", column.range->first, column.range->second) : "";
    fmt::format_to(std::back_inserter(text), "{}\n",
                   wrapped(fmt::format("  {:<14} {:<9}{:>9} distinct  {}{}", column.name, column.kind,
                                       column.distinct, range, fmt::join(examples, ", ")),
                           45));
  }
  return text;
}

std::string mistakes_text(const std::vector<ingest::Mistake>& mistakes) {
  if (mistakes.empty()) return "\nlikely mistakes: none was found\n";
  std::string text = "\nlikely mistakes\n";
  for (const ingest::Mistake& mistake : mistakes)
    text += wrapped(fmt::format("  * {}. {}.", mistake.what, mistake.remedy), 4) + "\n";
  return text;
}

ordered_json json_of(const Distribution& distribution) {
  ordered_json bins = ordered_json::array();
  for (const ingest::CountBin& bin : distribution.bins)
    bins.push_back({{"least", bin.least}, {"most", bin.most}, {"things", bin.things}});
  ordered_json quantiles = ordered_json::object();
  for (std::size_t i = 0; i < quantile_names.size(); ++i)
    quantiles[fmt::format("{:g}", static_cast<double>(ingest::quantile_shares[i]) / 1000)] =
        distribution.quantiles[i];
  return {{"count", distribution.things},
          {"with_none", distribution.with_none},
          {"with_one", distribution.with_one},
          {"quantiles", quantiles},
          {"bins", bins}};
}

ordered_json json_of(const std::vector<ColumnSummary>& columns) {
  ordered_json all = ordered_json::array();
  for (const ColumnSummary& column : columns) {
    ordered_json one = {{"name", column.name},
                        {"kind", column.kind},
                        {"distinct", column.distinct},
                        {"examples", column.examples}};
    if (column.range) one["range"] = {column.range->first, column.range->second};
    all.push_back(std::move(one));
  }
  return all;
}

ordered_json json_of(const ingest::IdSummary& ids) {
  return {{"like_floats", ids.like_floats}, {"interactions_without", ids.rows_missing}};
}

ordered_json json_of(const ingest::TimeSummary& times) {
  return {{"first", times.first},
          {"last", times.last},
          {"first_date", ingest::date_text(times.first)},
          {"last_date", ingest::date_text(times.last)},
          {"zeros", times.zeros},
          {"before_1990", times.before_1990},
          {"in_future", times.in_future}};
}

}  // namespace

std::string description_text(const DataDescription& description) {
  const DataSummary& data = description.data;
  return head_text(data) + quantiles_text(data) + histogram_text(data) + ratings_text(data) +
         counts_text(data) + columns_text("interactions", data.interaction_columns) +
         columns_text("items", data.item_columns) + mistakes_text(description.mistakes) +
         "\nto begin with\n  " + description.command + "\n";
}

ordered_json to_json(const DataDescription& description) {
  const DataSummary& data = description.data;
  ordered_json json = {
      {"name", data.name},
      {"interactions", data.interactions},
      {"users", json_of(data.activity)},
      {"items", json_of(data.popularity)},
      {"density", data.density()},
      {"repeats", data.interactions - data.pairs},
      {"copies", data.copies},
      {"most_active_user", {{"id", data.user.id}, {"interactions", data.user.interactions}}},
      {"most_popular_item",
       {{"id", data.item.id}, {"title", data.item.title}, {"interactions", data.item.interactions}}},
      {"user_ids", json_of(data.user_ids)},
      {"item_ids", json_of(data.item_ids)}};
  json["parts"] = ordered_json();
  if (data.comes_split)
    json["parts"] = {{"train", data.parts[0]}, {"validation", data.parts[1]}, {"test", data.parts[2]}};
  json["times"] = data.times ? json_of(*data.times) : ordered_json();
  json["ratings"] = ordered_json::array();
  for (const ingest::ValueBin& bin : data.ratings)
    json["ratings"].push_back({{"least", bin.least}, {"most", bin.most}, {"interactions", bin.values}});
  json["columns"] = {{"interactions", json_of(data.interaction_columns)},
                     {"items", json_of(data.item_columns)}};
  json["mistakes"] = ordered_json::array();
  for (const ingest::Mistake& mistake : description.mistakes)
    json["mistakes"].push_back({{"what", mistake.what}, {"remedy", mistake.remedy}});
  json["command"] = description.command;
  return json;
}

}  // namespace gemel::cli
