#include "ingest/synthetic_items.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

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
constexpr std::array<std::string_view, genre_count> names = {
    "Science Fiction", "Western", "Horror",  "Romance", "Mystery", "War",
    "Fantasy",         "Family",  "Musical", "Crime",   "Nature",  "Comedy"};
constexpr Words common_words = {"Last",   "Return",  "Secret", "Story", "Night",
                                "Little", "Forever", "Big",    "Lost",  "Home"};

constexpr std::int64_t items_of_niche = 25;
/// The pairs of different words of a genre, of which each of its niches has one.
constexpr std::int64_t word_pairs = words_per_genre * (words_per_genre - 1);
constexpr std::int64_t years = 68;  // 1930 to 1997

std::string_view word(const Words& words, std::int64_t place) {
  return words[static_cast<std::size_t>(place)];
}

}  // namespace

SyntheticItems::SyntheticItems(const SyntheticOptions& options)
    : items_(options.items),
      niches_(std::max(std::min(genre_count, items_), items_ / items_of_niche)),
      genres_(std::min(genre_count, items_)),
      title_key_(base::random_key(options.seed, "synthetic title")),
      row_of_(base::random_key(options.seed, "synthetic item row"), static_cast<std::uint64_t>(items_)),
      same_title_(options.seed, "synthetic same title"),
      second_genre_(options.seed, "synthetic second genre") {}

std::int64_t SyntheticItems::row_in_niche(std::int64_t niche, double uniform) const {
  const std::int64_t place = ZipfPlaces(niche_size(niche)).place(uniform);
  return static_cast<std::int64_t>(row_of_(static_cast<std::uint64_t>(place * niches_ + niche)));
}

double SyntheticItems::probability_in_niche(std::int64_t row) const {
  const std::int64_t item = item_of(row);
  return ZipfPlaces(niche_size(item % niches_)).probability(item / niches_);
}

std::string SyntheticItems::title(std::int64_t row) const {
  std::int64_t item = item_of(row);
  if (item >= niches_ && same_title_.uniform(item) < 0.01) item -= niches_;
  const std::int64_t niche = item % niches_;
  // Niches of a genre differ in their two words or, where there are more of them than pairs, in a number.
  const std::int64_t pair = niche / genres_ % word_pairs;
  const std::int64_t number = niche / genres_ / word_pairs + 1;
  const std::int64_t first = pair % words_per_genre;
  const std::int64_t second = (first + 1 + pair / words_per_genre) % words_per_genre;
  // Items of a niche differ in the other word and the year.
  const base::KeyedPermutation shuffled(title_key_ + static_cast<std::uint64_t>(niche),
                                        words_per_genre * years);
  const auto rest = static_cast<std::int64_t>(shuffled(static_cast<std::uint64_t>(item / niches_)));
  const Words& words = genre_words[static_cast<std::size_t>(niche % genres_)];
  return fmt::format("{} {}{}, {} ({})", word(common_words, rest % words_per_genre), word(words, first),
                     number == 1 ? "" : fmt::format(" {}", number), word(words, second),
                     1930 + rest / words_per_genre);
}

std::vector<std::string_view> SyntheticItems::genre_names() const {
  return {names.begin(), names.begin() + genres_};
}

std::pair<std::int64_t, std::int64_t> SyntheticItems::genre_numbers(std::int64_t row) const {
  const std::int64_t item = item_of(row);
  const std::int64_t genre = item % niches_ % genres_;
  const std::int64_t other = second_genre_.below(4 * genres_, item);
  return other < genres_ ? std::minmax({genre, other}) : std::pair(genre, genre);
}

std::string SyntheticItems::genres(std::int64_t row) const {
  const auto [first, second] = genre_numbers(row);
  std::string text(names[static_cast<std::size_t>(first)]);
  if (second != first) text.append("|").append(names[static_cast<std::size_t>(second)]);
  return text;
}

}  // namespace gemel::ingest
