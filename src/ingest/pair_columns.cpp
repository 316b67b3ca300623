#include "ingest/pair_columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "base/error.hpp"
#include "ingest/date_time.hpp"
#include "ingest/digits.hpp"
#include "ingest/line_errors.hpp"

namespace gemel {
namespace {

using namespace std::string_view_literals;

constexpr std::array column_names = {"user"sv, "item"sv, "rating"sv, "timestamp"sv, "-"sv, "other"sv};

}  // namespace

std::string_view name_of(PairColumn column) {
  return column_names[static_cast<std::size_t>(column)];
}

PairColumns::PairColumns(std::vector<PairColumn> columns, std::vector<std::string> names)
    : columns_(std::move(columns)), names_(std::move(names)) {
  for (const PairColumn column :
       {PairColumn::user, PairColumn::item, PairColumn::rating, PairColumn::timestamp}) {
    const auto times = std::ranges::count(columns_, column);
    if (times > 1) throw base::UsageError(fmt::format("{} is there twice; name it once", name_of(column)));
    const bool is_needed = column == PairColumn::user || column == PairColumn::item;
    if (is_needed && times == 0)
      throw base::UsageError(fmt::format("{0} is missing; name the field that is the {0}", name_of(column)));
  }
}

std::optional<std::size_t> PairColumns::find(PairColumn column) const {
  const auto found = std::ranges::find(columns_, column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::string_view PairColumns::name(std::size_t field) const {
  return names_.empty() ? name_of(columns_[field]) : names_[field];
}

std::optional<std::size_t> PairColumns::find_other(std::string_view name) const {
  for (std::size_t field = 0; field < columns_.size(); ++field) {
    if (columns_[field] == PairColumn::other && this->name(field) == name) return field;
  }
  return std::nullopt;
}

std::string PairColumns::describe(std::string_view separator) const {
  std::vector<std::string_view> names;
  for (std::size_t field = 0; field < columns_.size(); ++field) {
    const bool has_own = columns_[field] == PairColumn::other;
    names.push_back(has_own ? name(field) : name_of(columns_[field]));
  }
  return fmt::format("{}", fmt::join(names, separator));
}

}  // namespace gemel

namespace gemel::ingest {
namespace {

using namespace std::string_view_literals;

/// Names in headings, in lower case and without "_", "-", "." and blanks.
constexpr std::array users = {"user"sv,      "users"sv,      "userid"sv,   "uid"sv,        "username"sv,
                              "reviewer"sv,  "reviewerid"sv, "customer"sv, "customerid"sv, "visitor"sv,
                              "visitorid"sv, "member"sv,     "memberid"sv, "listener"sv,   "listenerid"sv,
                              "accountid"sv, "useridx"sv};
constexpr std::array items = {
    "item"sv,       "items"sv,   "itemid"sv,  "iid"sv,       "itemidx"sv,   "movie"sv,      "movieid"sv,
    "film"sv,       "filmid"sv,  "product"sv, "productid"sv, "asin"sv,      "parentasin"sv, "business"sv,
    "businessid"sv, "book"sv,    "bookid"sv,  "isbn"sv,      "artist"sv,    "artistid"sv,   "track"sv,
    "trackid"sv,    "song"sv,    "songid"sv,  "article"sv,   "articleid"sv, "news"sv,       "newsid"sv,
    "video"sv,      "videoid"sv, "game"sv,    "gameid"sv,    "animeid"sv,   "recipeid"sv,   "locationid"sv,
    "venueid"sv,    "poiid"sv,   "beerid"sv,  "gmapid"sv};
constexpr std::array ratings = {"rating"sv, "ratings"sv,   "score"sv,  "stars"sv,
                                "star"sv,   "overall"sv,   "weight"sv, "bookrating"sv,
                                "label"sv,  "playcount"sv, "plays"sv,  "starrating"sv};
constexpr std::array timestamps = {"timestamp"sv, "timestamps"sv, "time"sv, "ts"sv,
                                   "unixtime"sv,  "datetime"sv,   "date"sv, "unixreviewtime"sv};

/// Further names, which count where none of the names above is there: a user may have several sessions.
struct FurtherName {
  std::string_view name;
  PairColumn column;
};
constexpr std::array further_names = [] {
  using enum PairColumn;
  return std::to_array<FurtherName>(
      {{"client", user},        {"clientid", user},       {"session", user},    {"sessionid", user},
       {"viewer", user},        {"viewerid", user},       {"reader", user},     {"readerid", user},
       {"player", user},        {"playerid", user},       {"person", user},     {"personid", user},
       {"buyer", user},         {"buyerid", user},        {"shopper", user},    {"shopperid", user},
       {"subscriber", user},    {"subscriberid", user},   {"patron", user},     {"patronid", user},
       {"consumer", user},      {"consumerid", user},     {"account", user},    {"profileid", user},
       {"nutzer", user},        {"nutzerid", user},       {"benutzer", user},   {"benutzerid", user},
       {"kunde", user},         {"kundeid", user},        {"kundenid", user},   {"kundennr", user},
       {"kundennummer", user},  {"usuario", user},        {"usuarioid", user},  {"utilisateur", user},
       {"cliente", user},       {"title", item},          {"titel", item},      {"sku", item},
       {"skuid", item},         {"itemno", item},         {"itemnumber", item}, {"productno", item},
       {"productcode", item},   {"stockcode", item},      {"show", item},       {"showid", item},
       {"anime", item},         {"recipe", item},         {"venue", item},      {"location", item},
       {"poi", item},           {"beer", item},           {"restaurant", item}, {"restaurantid", item},
       {"hotel", item},         {"hotelid", item},        {"course", item},     {"courseid", item},
       {"podcast", item},       {"podcastid", item},      {"document", item},   {"documentid", item},
       {"docid", item},         {"artikel", item},        {"artikelid", item},  {"artikelnr", item},
       {"artikelnummer", item}, {"produkt", item},        {"produktid", item},  {"produktnr", item},
       {"buch", item},          {"buchid", item},         {"filmnr", item},     {"producto", item},
       {"produit", item},       {"bewertung", rating},    {"wertung", rating},  {"zeitstempel", timestamp},
       {"zeit", timestamp},     {"dateadded", timestamp}, {"datum", timestamp}});
}();

/// A name of a heading as the lists above have it: "User_ID:token" is "userid".
std::string plain(std::string_view name) {
  std::string text;
  for (const char c : name.substr(0, name.find(':'))) {
    if ("_-. "sv.find(c) != std::string_view::npos) continue;
    text += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  return text;
}

/// The texts between marks.
std::vector<std::string_view> parts_of(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(mark, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// The column that --columns calls so; another one by any other name.
PairColumn column_called(std::string_view name) {
  const auto found = std::ranges::find(column_names, name);
  return found == column_names.end() ? PairColumn::other
                                     : static_cast<PairColumn>(found - column_names.begin());
}

constexpr std::size_t longest_name = 24;

/// What a name in a heading stands for.
struct Meaning {
  PairColumn column = PairColumn::unused;
  bool is_further = false;  ///< whether another name of the column goes before it
};

Meaning meaning_of(std::string_view name) {
  if (name.size() > longest_name) return {};
  const std::string text = plain(name);
  const auto is_in = [&](const auto& names) { return std::ranges::find(names, text) != names.end(); };
  if (is_in(users)) return {PairColumn::user};
  if (is_in(items)) return {PairColumn::item};
  if (is_in(ratings)) return {PairColumn::rating};
  if (is_in(timestamps)) return {PairColumn::timestamp};
  const auto further = std::ranges::find(further_names, text, &FurtherName::name);
  return further == further_names.end() ? Meaning{} : Meaning{further->column, true};
}

/// What each name of a heading stands for; a further name for nothing where another name goes before it. With Amazon, variants of a product
/// have an asin each, but one parent_asin, by which its metadata is known.
std::vector<PairColumn> meanings_of(const CutLine& line) {
  const bool has_parents = std::ranges::any_of(
      line.fields, [](const CutField& field) { return plain(field.text) == "parentasin"; });
  std::vector<Meaning> meanings;
  for (const CutField& field : line.fields) {
    const bool is_variant = has_parents && plain(field.text) == "asin";
    meanings.push_back(is_variant ? Meaning{} : meaning_of(field.text));
  }
  std::vector<PairColumn> columns;
  for (const Meaning& meaning : meanings) {
    const bool is_second = meaning.is_further && std::ranges::any_of(meanings, [&](const Meaning& other) {
                             return other.column == meaning.column && !other.is_further;
                           });
    columns.push_back(is_second ? PairColumn::unused : meaning.column);
  }
  return columns;
}

/// What the numbers of a field can be.
struct Range {
  bool all_like_ratings = true;
  bool all_like_timestamps = true;
  const CutLine* odd = nullptr;  // the first line whose number is like neither, or unlike the first one's

  bool is_known() const { return all_like_ratings || all_like_timestamps; }
};

/// What is no number is left to whoever reads the lines.
Range range_of(const std::vector<CutLine>& lines, std::size_t field) {
  Range range;
  for (const CutLine& line : lines) {
    const std::string& text = line.fields[field].text;
    const auto number = parse_decimal(text);
    if (!number && parse_date_time(text)) range.all_like_ratings = false;
    if (!number) continue;
    range.all_like_ratings &= is_like_rating(*number);
    range.all_like_timestamps &= is_like_timestamp(*number);
    if (!range.is_known() && range.odd == nullptr) range.odd = &line;
  }
  return range;
}

[[noreturn]] void ask(const CutLine& line, std::size_t field, std::string_view doubt,
                      std::string_view choices, const std::filesystem::path& path) {
  throw base::DataError(fmt::format("{}:{}:{}: {}: {}. Say what the fields are: --columns {}.", path.string(),
                                    line.number, line.fields[field].column, quote(line.fields[field].text),
                                    doubt, choices));
}

}  // namespace

PairColumns parse_pair_columns(std::string_view text) {
  std::vector<PairColumn> columns;
  std::vector<std::string> names;
  for (const std::string_view name : parts_of(text, ',')) {
    const PairColumn column = name == "time" ? PairColumn::timestamp : column_called(name);
    if (name.empty()) {
      throw base::UsageError(
          fmt::format("{}: a field without a name; name each, with - for one that is not used, as in "
                      "user,item,-,timestamp",
                      quote(text)));
    }
    if (column == PairColumn::other && std::ranges::find(names, name) != names.end())
      throw base::UsageError(fmt::format("{} is there twice; name it once", name));
    columns.push_back(column);
    names.emplace_back(name);
  }
  return PairColumns(std::move(columns), std::move(names));
}

ColumnsGiven parse_columns(std::string_view text) {
  ColumnsGiven given;
  if (text.find('=') == std::string_view::npos) {
    given.fields = parse_pair_columns(text);
    return given;
  }
  for (const std::string_view part : parts_of(text, ',')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view meaning = part.substr(0, equals);
    const std::string name(part.substr(std::min(equals + 1, part.size())));
    const PairColumn column = meaning == "time" ? PairColumn::timestamp : column_called(meaning);
    const bool is_weight = meaning == "weight";
    const bool is_known = is_weight || (column != PairColumn::other && column != PairColumn::unused);
    if (!is_known || name.empty()) {
      throw base::UsageError(
          fmt::format("{}: say what the columns are by name, as in user=userId,item=movieId,time=timestamp,"
                      "rating=stars,weight=plays; other columns need no more than their own names",
                      quote(part)));
    }
    const bool is_twice =
        is_weight ? !given.weight.empty()
                  : std::ranges::find(given.named, column, &NamedColumn::column) != given.named.end();
    if (is_twice) throw base::UsageError(fmt::format("{} is there twice; name it once", meaning));
    if (is_weight) {
      given.weight = name;
    } else {
      given.named.push_back({column, name});
    }
  }
  return given;
}

std::string describe(const ColumnsGiven& columns) {
  if (!columns.fields.empty()) return columns.fields.describe(",");
  std::vector<std::string> parts;
  for (const NamedColumn& named : columns.named)
    parts.push_back(fmt::format("{}={}", name_of(named.column), named.name));
  if (!columns.weight.empty()) parts.push_back("weight=" + columns.weight);
  return fmt::format("{}", fmt::join(parts, ","));
}

std::string without_type(std::string_view name) {
  return std::string(name.substr(0, name.find(':')));
}

bool is_name_of(PairColumn column, std::string_view field) {
  return meaning_of(field).column == column;
}

std::optional<std::size_t> find_column(PairColumn column, const std::vector<std::string>& names) {
  std::optional<std::size_t> further;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Meaning meaning = meaning_of(names[i]);
    if (meaning.column != column) continue;
    if (!meaning.is_further) return i;
    if (!further) further = i;
  }
  return further;
}

bool is_heading(const CutLine& line) {
  const auto names = [&](PairColumn column) {
    return std::ranges::any_of(line.fields,
                               [&](const CutField& field) { return is_name_of(column, field.text); });
  };
  return names(PairColumn::user) && names(PairColumn::item);
}

PairColumns columns_of_heading(const CutLine& line, const std::vector<NamedColumn>& named,
                               const std::filesystem::path& path) {
  std::vector<PairColumn> columns = meanings_of(line);
  std::vector<std::string> names;
  for (const CutField& field : line.fields) names.push_back(without_type(field.text));
  for (const NamedColumn& one : named) std::ranges::replace(columns, one.column, PairColumn::unused);
  for (const NamedColumn& one : named) {
    const auto found = std::ranges::find(names, one.name);
    if (found == names.end()) {
      throw base::DataError(fmt::format(
          "{}:{}:1: there is no column {} for the {}; the first line names {}. "
          "Correct --columns.",
          path.string(), line.number, quote(one.name), name_of(one.column), fmt::join(names, ", ")));
    }
    columns[static_cast<std::size_t>(found - names.begin())] = one.column;
  }
  for (std::size_t field = 0; field < columns.size(); ++field) {
    if (columns[field] == PairColumn::unused) continue;
    const auto earlier =
        std::find(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(field), columns[field]);
    if (earlier == columns.begin() + static_cast<std::ptrdiff_t>(field)) continue;
    const auto place = static_cast<std::size_t>(earlier - columns.begin());
    throw base::DataError(fmt::format(
        "{}:{}:{}: {} of the heading, like {} before it, could be the {}. Say which one it is: --columns "
        "{}={}.",
        path.string(), line.number, line.fields[field].column, quote(line.fields[field].text),
        quote(line.fields[place].text), name_of(columns[field]), name_of(columns[field]), names[place]));
  }
  for (PairColumn& column : columns)
    if (column == PairColumn::unused) column = PairColumn::other;
  const std::vector<std::string> own_names = names;
  try {
    return PairColumns(std::move(columns), std::move(names));
  } catch (const base::UsageError& error) {
    throw base::DataError(fmt::format("{}:{}:1: {}, or say which of {} it is: --columns user=NAME,item=NAME.",
                                      path.string(), line.number, error.what(), fmt::join(own_names, ", ")));
  }
}

PairColumns guess_columns(const std::vector<CutLine>& lines, const std::filesystem::path& path) {
  using enum PairColumn;
  const CutLine& first = lines.front();
  const std::size_t fields = first.fields.size();
  if (fields == 2) return PairColumns({user, item});
  const Range third = range_of(lines, 2);
  if (fields == 3) {
    if (!third.is_known()) {
      ask(*third.odd, 2,
          "it and those before it are neither all ratings (up to 1e5) nor all times (whole, from 1e8 on)",
          "user,item,rating or --columns user,item,timestamp", path);
    }
    return PairColumns({user, item, third.all_like_ratings ? rating : timestamp});
  }
  const Range fourth = range_of(lines, 3);
  if (third.all_like_timestamps && !third.all_like_ratings && !fourth.all_like_timestamps) {
    ask(first, 2, "a time, where the rating is expected before the time",
        "user,item,timestamp,rating or --columns user,item,rating,timestamp", path);
  }
  return PairColumns({user, item, rating, timestamp});
}

bool is_like_rating(double number) {
  return std::abs(number) <= 1e5;
}

bool is_like_timestamp(double number) {
  return number >= 1e8 && number == std::trunc(number);
}

std::optional<double> parse_decimal(std::string_view text) {
  double number = 0;
  if (read_short_decimal(text, number)) return number;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace gemel::ingest
