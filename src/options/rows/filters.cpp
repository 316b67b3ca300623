#include <fmt/format.h>

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/date_text.hpp"
#include "ingest/date_time.hpp"
#include "ingest/k_core.hpp"
#include "options/rows/rows.hpp"

namespace gemel::options {
namespace {

const std::string none = "none";

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

/// A finite number, or none.
OptionValue optional_number(std::optional<double>& field) {
  const auto read = [&field](const std::string& typed) {
    if (typed == none) return field.reset();
    const auto number = parse_number<double>(typed);
    if (!number || !std::isfinite(*number)) throw ValueError("give a finite number, or none");
    field = number;
  };
  return {read, [&field] { return field ? fmt::format("{}", *field) : none; }};
}

/// A time, or none.
OptionValue optional_time(std::optional<std::int64_t>& field) {
  const auto read = [&field](const std::string& typed) {
    if (typed == none) return field.reset();
    const auto number = parse_number<std::int64_t>(typed);
    const auto seconds = number ? number : ingest::parse_date_time(typed);
    if (!seconds)
      throw ValueError(
          "give a date of UTC, such as 1998-01-31 or 1998-01-31T12:00:00, seconds since 1970, or none");
    field = seconds;
  };
  return {read, [&field] { return field ? ingest::date_text(*field) : none; }};
}

/// The N of "user=N" or "item=N" for a name; 0 for another text.
std::int64_t parse_least(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || text.substr(name.size(), 1) != "=") return 0;
  return std::max<std::int64_t>(0, parse_number<std::int64_t>(text.substr(name.size() + 1)).value_or(0));
}

/// user=N, item=N or both with a comma between them, or none.
OptionValue k_core_value(KCore& field) {
  const auto read = [&field](const std::string& typed) {
    KCore core;
    std::vector<std::string> parts;
    boost::algorithm::split(parts, typed, [](char letter) { return letter == ','; });
    for (const std::string& part : parts) {
      if (typed == none) break;
      const std::int64_t user = parse_least(part, "user");
      const std::int64_t item = parse_least(part, "item");
      if ((user == 0 && item == 0) || (user > 0 && core.user > 0) || (item > 0 && core.item > 0))
        throw ValueError("give user=N, item=N or both, such as user=5,item=5, with N of at least 1, or none");
      core.user += user;
      core.item += item;
    }
    field = core;
  };
  return {read, [&field] {
            const std::string text = ingest::k_core_text(field);
            return text.empty() ? none : text;
          }};
}

}  // namespace

std::vector<Option> filter_rows(DataOptions& o) {
  const std::string group = "Filters";
  FilterOptions& filters = o.filters;
  const KCore& core = filters.k_core;
  const bool comes_in_files = !o.files.validation.empty() || !o.files.test.empty();
  return {
      Option{
          group, "min-rating", "R",
          "Use only interactions with a rating of at least R. The filters are applied in the order of this "
          "list, before the data is split; each says what it leaves.",
          optional_number(filters.min_rating), Effect::run}
          .kept_if(filters.min_rating.has_value()),
      Option{group, "since", "TIME",
             "Use only interactions at this time or later: a date of UTC, such as 1998-01-31 or "
             "1998-01-31T12:00:00, or seconds since 1970.",
             optional_time(filters.since), Effect::run}
          .kept_if(filters.since.has_value()),
      Option{group, "until", "TIME", "Use only interactions before this time.", optional_time(filters.until),
             Effect::run}
          .needing(always(!filters.since || !filters.until || *filters.since < *filters.until,
                          "is not after --since: give a later time"))
          .kept_if(filters.until.has_value()),
      Option{
          group, "duplicates", "KEEP",
          "Of several interactions of one user with one item: keep all of them, the first or the last one "
          "by time, or one with their sum as its weight: the first, with the column of --weight-column added "
          "up. "
          "Where none is named, that is the column count, which is how many there were where the data has no "
          "such column. Of the same time, or without timestamps, the "
          "one that is later in the data is later. Where the data comes split, each part is taken by "
          "itself.",
          choice(filters.duplicates, duplicates_names()), Effect::run}
          .kept_if(filters.duplicates != Duplicates::keep),
      Option{group, "k-core", "user=N,item=N",
             "Leave out users with fewer than N interactions, and items with fewer than N, again and again "
             "until all that are left have as many; either may be left out. Items with fewer leave the "
             "catalogue, too (item=1: those without any), which the other filters leave as it is.",
             k_core_value(filters.k_core), Effect::run}
          .needing(if_given(!comes_in_files,
                            "--validation-file and --test-file split the data already, and the test would "
                            "become another one: name all of it with --ratings"))
          .kept_if(core.user > 0 || core.item > 0),
  };
}

}  // namespace gemel::options
