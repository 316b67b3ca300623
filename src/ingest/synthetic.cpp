#include "ingest/synthetic.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "base/random.hpp"
#include "exchange/placement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

constexpr std::int64_t genre_count = 12;
constexpr std::size_t words_per_genre = 10;
using Words = std::array<std::string_view, words_per_genre>;

constexpr std::array<Words, genre_count> genre_words = {{
    {"Starship", "Galaxy", "Android", "Orbit", "Alien", "Comet", "Nebula", "Robot", "Cosmic", "Planet"},
    {"Sheriff", "Saddle", "Canyon", "Outlaw", "Prairie", "Stagecoach", "Ranch", "Gunslinger", "Mustang",
     "Frontier"},
    {"Haunted", "Vampire", "Crypt", "Werewolf", "Scream", "Coffin", "Phantom", "Nightmare", "Witch", "Grave"},
    {"Wedding", "Kiss", "Sweetheart", "Bride", "Valentine", "Letters", "Romance", "Darling", "Honeymoon",
     "Paris"},
    {"Detective", "Alibi", "Murder", "Clue", "Inspector", "Witness", "Fingerprint", "Verdict", "Blackmail",
     "Motive"},
    {"Battalion", "Trenches", "General", "Soldier", "Bridge", "Submarine", "Regiment", "Convoy", "Armistice",
     "Squadron"},
    {"Dragon", "Sorcerer", "Kingdom", "Sword", "Prophecy", "Elf", "Castle", "Quest", "Enchanted", "Throne"},
    {"Teddy", "Puppy", "Circus", "Balloon", "Playground", "Kitten", "Lollipop", "Treehouse", "Carousel",
     "Mitten"},
    {"Jazz", "Orchestra", "Ballroom", "Serenade", "Broadway", "Piano", "Melody", "Chorus", "Tango",
     "Microphone"},
    {"Heist", "Mafia", "Smuggler", "Casino", "Gangster", "Getaway", "Vault", "Hitman", "Prison", "Ransom"},
    {"Glacier", "Penguin", "Rainforest", "Volcano", "Whale", "Savanna", "Coral", "Migration", "Eagle",
     "Tundra"},
    {"Roommate", "Prank", "Vacation", "Neighbour", "Goofball", "Mishap", "Babysitter", "Karaoke", "Reunion",
     "Blunder"},
}};
constexpr std::array<std::string_view, genre_count> genre_names = {
    "Science Fiction", "Western", "Horror",  "Romance", "Mystery", "War",
    "Fantasy",         "Family",  "Musical", "Crime",   "Nature",  "Comedy"};
constexpr Words common_words = {"Last",   "Return",  "Secret", "Story", "Night",
                                "Little", "Forever", "Big",    "Lost",  "Home"};

constexpr std::int64_t day = 24 * 60 * 60;
constexpr std::int64_t first_second = 874724710;  // 20 September 1997, when MovieLens 100k begins
constexpr std::int64_t span = 213 * day;
constexpr std::int64_t active_span = 7 * day;

/// Independent draws for numbered things: draw `counter` of one purpose.
class Draws {
 public:
  Draws(std::uint64_t seed, std::string_view purpose) : key_(base::random_key(seed, purpose)) {}

  /// Uniform in [0, 1).
  double uniform(std::int64_t counter) const {
    return base::random_double(key_, static_cast<std::uint64_t>(counter));
  }
  /// Uniform in [0, bound).
  std::int64_t below(std::int64_t bound, std::int64_t counter) const {
    return scale(uniform(counter), bound);
  }

  /// Maps [0, 1) to [0, bound).
  static std::int64_t scale(double uniform, std::int64_t bound) {
    return std::min(static_cast<std::int64_t>(uniform * static_cast<double>(bound)), bound - 1);
  }

 private:
  std::uint64_t key_;
};

/// The order in which items are thought of: item p has genre p % genres, and within it is the (p / genres)th
/// most popular.
class Items {
 public:
  explicit Items(const SyntheticOptions& options)
      : options_(options),
        genres_(std::min(genre_count, options.items)),
        row_of_(base::random_key(options.seed, "synthetic item row"),
                static_cast<std::uint64_t>(options.items)) {}

  std::int64_t genres() const { return genres_; }
  /// The row of the catalogue that an item has.
  std::int64_t row(std::int64_t item) const {
    return static_cast<std::int64_t>(row_of_(static_cast<std::uint64_t>(item)));
  }
  /// The item of a genre, or of all, that `uniform` chooses; the density of popularity falls as the root of
  /// the place.
  std::int64_t in_genre(std::int64_t genre, double uniform) const {
    const std::int64_t size = (options_.items - genre + genres_ - 1) / genres_;
    return Draws::scale(uniform * uniform, size) * genres_ + genre;
  }
  std::int64_t in_all(double uniform) const { return Draws::scale(uniform * uniform, options_.items); }

  /// The given rows of the catalogue.
  Columns catalogue(exchange::RowRange range) const {
    Columns columns;
    columns.rows = static_cast<std::size_t>(range.size());
    StringColumn& ids = columns.strings["item_id"];
    StringColumn& titles = columns.strings["title"];
    StringColumn& genres = columns.strings["genres"];
    for (std::int64_t row = range.first; row < range.last; ++row) {
      const auto item = static_cast<std::int64_t>(row_of_.inverse(static_cast<std::uint64_t>(row)));
      ids.push_back(fmt::format_int(row + 1).c_str());
      titles.push_back(title(item));
      genres.push_back(genres_of(item));
    }
    return columns;
  }

 private:
  /// "Lost Galaxy, Orbit (1957)". One item in a hundred has the title of its genre's next more popular one.
  std::string title(std::int64_t item) const {
    if (item >= genres_ && same_title_.uniform(item) < 0.01) item -= genres_;
    const Words& words = genre_words[static_cast<std::size_t>(item % genres_)];
    const auto word = [&](const Words& from, std::int64_t place) {
      return from[static_cast<std::size_t>(words_.below(words_per_genre, 4 * item + place))];
    };
    return fmt::format("{} {}, {} ({})", word(common_words, 0), word(words, 1), word(words, 2),
                       1930 + words_.below(68, 4 * item + 3));
  }

  /// Its genre, and for one item in four another one: "Horror|Comedy".
  std::string genres_of(std::int64_t item) const {
    const auto name = [](std::int64_t genre) { return genre_names[static_cast<std::size_t>(genre)]; };
    const std::int64_t genre = item % genres_;
    const std::int64_t second = second_genre_.below(4 * genres_, item);
    if (second >= genres_ || second == genre) return std::string(name(genre));
    return fmt::format("{}|{}", name(genre), name(second));
  }

  SyntheticOptions options_;
  std::int64_t genres_;
  base::KeyedPermutation row_of_;
  Draws words_{options_.seed, "synthetic title"};
  Draws same_title_{options_.seed, "synthetic same title"};
  Draws second_genre_{options_.seed, "synthetic second genre"};
};

/// One interaction, laid out without gaps so that its bytes can be hashed.
struct Event {
  std::int64_t user = 0;
  std::int64_t item_row = 0;
  std::int64_t rating = 0;
  std::int64_t timestamp = 0;
};

class Events {
 public:
  Events(const SyntheticOptions& options, const Items& items) : options_(options), items_(items) {}

  Event event(std::int64_t index) const {
    const double activity = who_.uniform(index);
    const std::int64_t user = Draws::scale(activity * std::sqrt(activity), options_.users);
    const std::int64_t genres = items_.genres();
    const std::int64_t liked = liked_.below(genres, user);
    const std::int64_t also_liked = also_liked_.below(genres, user);

    const double reason = why_.uniform(index);
    const double choice = what_.uniform(index);
    const double mood = rating_.uniform(index);
    const std::int64_t day_one = first_second + begin_.below(span - active_span, user);
    const std::int64_t timestamp = day_one + when_.below(active_span, index);
    if (reason < 0.65)
      return {user, items_.row(items_.in_genre(liked, choice)), 4 + Draws::scale(mood, 2), timestamp};
    if (reason < 0.85)
      return {user, items_.row(items_.in_genre(also_liked, choice)), 3 + Draws::scale(mood, 3), timestamp};
    return {user, items_.row(items_.in_all(choice)), 1 + Draws::scale(mood, 5), timestamp};
  }

 private:
  SyntheticOptions options_;
  const Items& items_;
  Draws who_{options_.seed, "synthetic user"};
  Draws liked_{options_.seed, "synthetic liked genre"};
  Draws also_liked_{options_.seed, "synthetic also liked genre"};
  Draws begin_{options_.seed, "synthetic first day"};
  Draws why_{options_.seed, "synthetic reason"};
  Draws what_{options_.seed, "synthetic item"};
  Draws rating_{options_.seed, "synthetic rating"};
  Draws when_{options_.seed, "synthetic time"};
};

/// Of rows from `first` on; the hashes of all blocks add up to that of the catalogue.
std::uint64_t catalogue_hash(const Columns& catalogue, std::int64_t first) {
  const StringColumn& titles = catalogue.strings.at("title");
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

}  // namespace

Dataset synthesize(const SyntheticOptions& options, mpi::Communicator& communicator) {
  check(options);
  require_memory(options, communicator);
  const Items items(options);
  const Events events(options, items);
  Dataset dataset;
  dataset.name = "synthetic";
  const auto range = exchange::RowBlocks(options.items, communicator.size()).block(communicator.rank());
  dataset.catalogue = items.catalogue(range);
  dataset.catalogue_first = range.first;
  dataset.catalogue_total = options.items;
  dataset.total = options.interactions;
  const auto own = exchange::RowBlocks(options.interactions, communicator.size()).block(communicator.rank());
  dataset.first = own.first;

  StringColumn& users = dataset.interactions.strings["user_id"];
  std::vector<std::int64_t>& ratings = dataset.interactions.numbers["rating"];
  std::vector<std::int64_t>& timestamps = dataset.interactions.numbers["timestamp"];
  std::uint64_t hash = catalogue_hash(dataset.catalogue, dataset.catalogue_first);
  const auto count = static_cast<std::size_t>(own.size());
  users.reserve(count, count * std::to_string(options.users).size());
  ratings.reserve(count);
  timestamps.reserve(count);
  dataset.item_rows.reserve(count);
  for (std::int64_t index = own.first; index < own.last; ++index) {
    const Event event = events.event(index);
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
