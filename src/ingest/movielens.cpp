#include "ingest/movielens.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <optional>
#include <system_error>
#include <utility>

#include "base/error.hpp"
#include "ingest/delimited_reader.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/item_table.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/text_file.hpp"
#include "ingest/text_share.hpp"
#include "ingest/user_table.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::string_view remedy = "Correct the file, or fetch the data set again.";

/// Fields of a line of u.item before its genres.
constexpr std::size_t fields_before_genres = 5;

/// As u.genre names them.
const std::vector<std::string> known_genres = {
    "unknown",     "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
    "Documentary", "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
    "Romance",     "Sci-Fi", "Thriller",  "War",       "Western"};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t") == text.npos;
}

/// Without the blanks around it, which are no part of an id or a number.
std::string_view trimmed(std::string_view text) {
  if (is_blank(text)) return text.substr(0, 0);
  text.remove_prefix(text.find_first_not_of(" \t"));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// The genres in the order of their numbers, which count from 0. The same on every rank.
std::vector<std::string> parse_genres(const DelimitedText& text, const std::filesystem::path& path) {
  std::vector<std::string> genres;
  LineErrors errors(path);
  text.for_each_line([&](const Line& line) {
    if (is_blank(line.text)) return;
    if (line.fields.size() != 2 || line.fields[0].empty() ||
        parse_number(line.fields[1]) != static_cast<std::int64_t>(genres.size())) {
      return errors.add(line, line.text,
                        fmt::format("the name of genre {0} and that number: 'name|{0}'", genres.size()));
    }
    genres.emplace_back(line.fields[0]);
  });
  auto self = mpi::Communicator::self();
  errors.throw_if_any(remedy, self);
  if (genres.empty()) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: holds no genres. {} Without it they are the {} of the data set.",
                                       path.string(), remedy, known_genres.size()));
  }
  return genres;
}

/// Whether root finds the file. Collective.
bool is_there(const std::filesystem::path& path, mpi::Communicator& communicator) {
  int exists = 0;
  if (std::error_code error; communicator.is_root()) exists = std::filesystem::exists(path, error) ? 1 : 0;
  communicator.broadcast(std::span(&exists, 1));
  return exists == 1;
}

/// The genres of u.genre, or the known ones when there is no such file. Collective.
std::vector<std::string> read_genres(const std::filesystem::path& path, mpi::Communicator& communicator) {
  if (!is_there(path, communicator)) return known_genres;
  return parse_genres(as_utf8(read_whole(path, "|", communicator), path, communicator), path);
}

/// "Action|Comedy": the names of the genres whose field of `line` is 1. Nothing when the fields are bad, which then
/// stands in `errors`.
std::optional<std::string> genres_of(const Line& line, const std::vector<std::string>& names,
                                     LineErrors& errors) {
  std::string genres;
  if (line.fields.size() <= fields_before_genres) return genres;
  if (line.fields.size() != fields_before_genres + names.size()) {
    errors.add(line, line.text,
               fmt::format("{} fields separated by '|', the last {} for genres, not {}",
                           fields_before_genres + names.size(), names.size(), line.fields.size()));
    return std::nullopt;
  }
  for (std::size_t genre = 0; genre < names.size(); ++genre) {
    const std::string_view flag = trimmed(line.fields[fields_before_genres + genre]);
    if (flag != "0" && flag != "1") {
      errors.add(line, flag, fmt::format("1 or 0 for genre {}", names[genre]));
      return std::nullopt;
    }
    if (flag == "1") genres += (genres.empty() ? "" : "|") + names[genre];
  }
  return genres;
}

/// The number of the line whose id is the only one without a digit where all others are numbers, as that of a heading is; 0: there is none.
std::int64_t heading_of(const DelimitedText& text) {
  std::int64_t heading = 0;
  std::int64_t words = 0;
  std::int64_t numbers = 0;
  text.for_each_line([&](const Line& line) {
    const std::string_view id = trimmed(line.fields[0]);
    if (is_blank(line.text)) return;
    ++(parse_number(id) ? numbers : words);
    if (id.find_first_of("0123456789") == id.npos) heading = line.number;
  });
  return words == 1 && numbers > 0 ? heading : 0;
}

/// The catalogue whole: item_id, title and genres of each line of u.item, in file order.
Columns parse_items(const DelimitedText& text, const std::vector<std::string>& genre_names,
                    const std::filesystem::path& path, BadLines bad_lines) {
  Columns items;
  TextColumn& ids = items.strings["item_id"];
  TextColumn& titles = items.strings["title"];
  TextColumn& all_genres = items.strings["genres"];
  std::unordered_map<std::string_view, std::int64_t, StringHash> line_of;  // item id -> number of its line
  LineErrors errors(path);
  const std::int64_t heading = heading_of(text);
  text.for_each_line([&](const Line& line) {
    if (is_blank(line.text)) return;
    if (line.fields.size() < 2)
      return errors.add(line, line.text, "an item id and a title, separated by '|'");
    const std::string_view id = trimmed(line.fields[0]);
    const std::string_view title = line.fields[1];
    if (id.empty()) return errors.add(line, line.fields[0], "an item id");
    if (line.number == heading)
      return errors.add(line, id, "an item id, a number like all others; take a heading away");
    if (is_blank(title)) return errors.add(line, title, "a title");
    const auto [earlier, is_new] = line_of.emplace(id, line.number);
    if (!is_new) {
      return errors.add(line, id,
                        fmt::format("an item id of its own; line {} has the same", earlier->second));
    }
    const auto genres = genres_of(line, genre_names, errors);
    if (!genres) return;
    ids.push_back(id);
    titles.push_back(title);
    all_genres.push_back(*genres);
  });
  auto self = mpi::Communicator::self();
  errors.settle(bad_lines, remedy, self);
  items.rows = ids.size();
  return items;
}

/// What a line of u.data says.
struct Interaction {
  std::string_view user;
  std::int32_t item_row = 0;
  std::int64_t rating = 0;
  std::int64_t timestamp = 0;
};

/// Nothing when the line is bad, which then stands in `errors`.
std::optional<Interaction> parse_interaction(const Line& line, FieldSplitter& split,
                                             const RowMap& row_of_item, LineErrors& errors) {
  const auto reject = [&](std::string_view where, std::string_view expected) {
    errors.add(line, where, expected);
    return std::nullopt;
  };
  const std::vector<Field>& fields = split(line.text);
  if (fields.size() != 4) {
    return reject(line.text,
                  fmt::format("4 fields separated by tabs (user id, item id, rating, timestamp), not {}",
                              fields.size()));
  }
  const std::string_view user = fields[0].text;
  if (user.empty()) return reject(fields[0].source, "a user id");
  const auto item = row_of_item.find(fields[1].text);
  if (item == row_of_item.end()) return reject(fields[1].source, "an item id that u.item has");
  const auto rating = parse_number(fields[2].text);
  if (!rating) return reject(fields[2].source, "a rating, a whole number");
  const auto timestamp = parse_number(fields[3].text);
  if (!timestamp) return reject(fields[3].source, "a timestamp, a whole number of seconds since 1970");
  return Interaction{user, static_cast<std::int32_t>(item->second), *rating, *timestamp};
}

/// Fills in `dataset.interactions` and `item_rows` from this rank's lines of u.data, and returns the sum of
/// their hashes, each seeded with the line's place in the file. Collective.
std::uint64_t parse_interactions(const TextShare& text, const StringColumn& item_ids, BadLines bad_lines,
                                 Dataset& dataset, mpi::Communicator& communicator) {
  TextColumn& users = dataset.interactions.strings["user_id"];
  std::vector<std::int64_t>& ratings = dataset.interactions.numbers["rating"];
  std::vector<std::int64_t>& timestamps = dataset.interactions.numbers["timestamp"];
  const RowMap row_of_item = make_row_map(item_ids);
  LineErrors errors(text.path());
  FieldSplitter split(Separator::tab);
  std::uint64_t hash = 0;
  mpi::agree(communicator, [&] {
    text.for_each_line([&](const Line& line) {
      if (is_blank(line.text)) return;
      const auto interaction = parse_interaction(line, split, row_of_item, errors);
      if (!interaction) return;
      users.push_back(interaction->user);
      ratings.push_back(interaction->rating);
      timestamps.push_back(interaction->timestamp);
      dataset.item_rows.push_back(interaction->item_row);
      hash += XXH3_64bits_withSeed(line.text.data(), line.text.size(),
                                   static_cast<std::uint64_t>(line.number - 1));
    });
  });
  dataset.interactions.rows = users.size();
  errors.settle(bad_lines, remedy, communicator);
  return hash;
}

}  // namespace

bool MovieLens100kReader::recognises(const std::filesystem::path& directory) const {
  std::error_code error;
  return std::filesystem::exists(directory / "u.data", error) &&
         std::filesystem::exists(directory / "u.item", error);
}

std::optional<UsersFile> MovieLens100kReader::users_file(const std::filesystem::path& directory,
                                                         mpi::Communicator& communicator) const {
  if (!is_there(directory / "u.user", communicator)) return std::nullopt;
  return UsersFile{directory / "u.user", {"user_id", "age", "gender", "occupation", "zip_code"}};
}

Dataset MovieLens100kReader::read(const std::filesystem::path& directory, const WantedColumns& wanted,
                                  BadLines bad_lines, mpi::Communicator& communicator) const {
  const auto item_path = directory / "u.item";
  const auto data_path = directory / "u.data";
  Dataset dataset;
  dataset.name = name();

  const std::vector<std::string> genres = read_genres(directory / "u.genre", communicator);
  DelimitedText item_text = read_whole(item_path, "|", communicator);
  const std::uint64_t item_hash = XXH3_64bits(item_text.text().data(), item_text.text().size());
  const Columns items =
      parse_items(as_utf8(std::move(item_text), item_path, communicator), genres, item_path, bad_lines);
  set_catalogue(items, communicator, dataset);
  if (items.rows == 0) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: holds no items. {}", item_path.string(), remedy));
  }

  const TextShare data = std::move(open_texts(std::span(&data_path, 1), communicator).front());
  const std::uint64_t hash =
      parse_interactions(data, items.strings.at("item_id").rows(), bad_lines, dataset, communicator);
  const auto own = static_cast<std::int64_t>(dataset.item_rows.size());
  dataset.total = communicator.sum(own);
  dataset.first = communicator.sum_before(own);
  if (dataset.total == 0) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: holds no interactions. {}", data_path.string(), remedy));
  }
  // The sum is meant modulo 2^64; only its bits travel as a signed number.
  dataset.content_hash =
      static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash))) + item_hash;
  if (const auto users = users_file(directory, communicator))
    join_users(*users, wanted, bad_lines, dataset, communicator);
  return dataset;
}

}  // namespace gemel::ingest
