#include "gemel/ingest/movielens.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <limits>
#include <optional>
#include <system_error>

#include "gemel/base/error.hpp"
#include "gemel/ingest/delimited_reader.hpp"
#include "gemel/ingest/line_errors.hpp"
#include "gemel/ingest/vocabulary.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::string_view remedy = "Correct the file, or fetch the data set again.";

/// The catalogue: item_id and title of each line of u.item, in file order. The same on every rank.
Columns parse_items(const DelimitedText& text, const std::filesystem::path& path) {
  Columns catalogue;
  StringColumn& ids = catalogue.strings["item_id"];
  StringColumn& titles = catalogue.strings["title"];
  std::unordered_map<std::string_view, std::int64_t, StringHash> line_of;  // item id -> number of its line
  LineErrors errors(path);
  text.for_each_line([&](const Line& line) {
    if (line.fields.size() < 2)
      return errors.add(line, line.text, "an item id and a title, separated by '|'");
    const std::string_view id = line.fields[0];
    const std::string_view title = line.fields[1];
    if (id.empty()) return errors.add(line, id, "an item id");
    if (title.empty()) return errors.add(line, title, "a title");
    const auto [earlier, is_new] = line_of.emplace(id, line.number);
    if (!is_new) {
      return errors.add(line, id,
                        fmt::format("an item id of its own; line {} has the same", earlier->second));
    }
    ids.push_back(id);
    titles.push_back(title);
  });
  catalogue.rows = ids.size();
  auto self = mpi::Communicator::self();
  errors.throw_if_any(remedy, self);
  return catalogue;
}

/// What a line of u.data says.
struct Interaction {
  std::string_view user;
  std::int32_t item_row = 0;
  std::int64_t rating = 0;
  std::int64_t timestamp = 0;
};

/// Nothing when the line is bad, which then stands in `errors`.
std::optional<Interaction> parse_interaction(const Line& line, const RowMap& row_of_item,
                                             LineErrors& errors) {
  const auto reject = [&](std::string_view where, std::string_view expected) {
    errors.add(line, where, expected);
    return std::nullopt;
  };
  if (line.fields.size() != 4) {
    return reject(line.text,
                  fmt::format("4 fields separated by tabs (user id, item id, rating, timestamp), not {}",
                              line.fields.size()));
  }
  if (line.fields[0].empty()) return reject(line.fields[0], "a user id");
  const auto item = row_of_item.find(line.fields[1]);
  if (item == row_of_item.end()) return reject(line.fields[1], "an item id that u.item has");
  const auto rating = parse_number(line.fields[2]);
  if (!rating) return reject(line.fields[2], "a rating, a whole number");
  const auto timestamp = parse_number(line.fields[3]);
  if (!timestamp) return reject(line.fields[3], "a timestamp, a whole number of seconds since 1970");
  return Interaction{line.fields[0], item->second, *rating, *timestamp};
}

/// Fills in `dataset.interactions` and `item_rows` from this rank's lines of u.data, and returns the sum of
/// their hashes, each seeded with the line's place in the file. Collective.
std::uint64_t parse_interactions(const DelimitedText& text, const std::filesystem::path& path,
                                 Dataset& dataset, mpi::Communicator& communicator) {
  StringColumn& users = dataset.interactions.strings["user_id"];
  std::vector<std::int64_t>& ratings = dataset.interactions.numbers["rating"];
  std::vector<std::int64_t>& timestamps = dataset.interactions.numbers["timestamp"];
  const RowMap row_of_item = make_row_map(dataset.catalogue.strings.at("item_id"));
  LineErrors errors(path);
  std::uint64_t hash = 0;
  text.for_each_line([&](const Line& line) {
    const auto interaction = parse_interaction(line, row_of_item, errors);
    if (!interaction) return;
    users.push_back(interaction->user);
    ratings.push_back(interaction->rating);
    timestamps.push_back(interaction->timestamp);
    dataset.item_rows.push_back(interaction->item_row);
    hash +=
        XXH3_64bits_withSeed(line.text.data(), line.text.size(), static_cast<std::uint64_t>(line.number - 1));
  });
  dataset.interactions.rows = users.size();
  errors.throw_if_any(remedy, communicator);
  return hash;
}

}  // namespace

std::string latin1_to_utf8(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size());
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xc0 | (code >> 6));
      utf8 += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  return utf8;
}

bool MovieLens100kReader::recognises(const std::filesystem::path& directory) const {
  std::error_code error;
  return std::filesystem::exists(directory / "u.data", error) &&
         std::filesystem::exists(directory / "u.item", error);
}

Dataset MovieLens100kReader::read(const std::filesystem::path& directory,
                                  mpi::Communicator& communicator) const {
  const auto item_path = directory / "u.item";
  const auto data_path = directory / "u.data";
  Dataset dataset;
  dataset.name = name();

  const DelimitedText items = read_whole(item_path, "|", communicator);
  dataset.catalogue = parse_items({latin1_to_utf8(items.text()), "|", 1, items.total_lines()}, item_path);
  if (dataset.catalogue.rows == 0) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: holds no items. {}", item_path.string(), remedy));
  }

  const DelimitedText data = read_share(data_path, "\t", communicator);
  if (data.total_lines() == 0) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("{}: holds no interactions. {}", data_path.string(), remedy));
  }
  dataset.total = data.total_lines();
  dataset.first = data.first_line() - 1;
  const std::uint64_t hash = parse_interactions(data, data_path, dataset, communicator);
  // The sum is meant modulo 2^64; only its bits travel as a signed number.
  dataset.content_hash = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash))) +
                         XXH3_64bits(items.text().data(), items.text().size());
  return dataset;
}

}  // namespace gemel::ingest
