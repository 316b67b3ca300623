#include "ingest/given_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "ingest/column_hash.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/file_layout.hpp"
#include "ingest/inline_xxhash.hpp"
#include "ingest/item_table.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/list_reader.hpp"
#include "ingest/pair_reader.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/text_share.hpp"
#include "ingest/typed_column.hpp"
#include "ingest/user_table.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_items = std::numeric_limits<std::int32_t>::max() - 1;
constexpr double largest_whole = 9007199254740992.0;  // 2^53: a double has every whole number up to it

/// Files whose interactions are for one thing, one after the other.
struct PartFiles {
  Part part;
  std::vector<fs::path> paths;
};

/// What the files say, line after line.
class Interactions {
 public:
  /// Whether there are ratings, timestamps and other columns, all files have like `layout`.
  Interactions(Dataset& dataset, const FileLayout& layout, BadLines bad_lines)
      : dataset_(dataset),
        bad_lines_(bad_lines),
        has_ratings_(layout.columns.has(PairColumn::rating)),
        has_timestamps_(layout.columns.has(PairColumn::timestamp)),
        users_(dataset.interactions.strings["user_id"]) {
    if (has_timestamps_) timestamps_ = &dataset.interactions.numbers["timestamp"];
    const PairColumns& columns = layout.columns;
    for (std::size_t field = 0; field < columns.size(); ++field) {
      const std::string name(columns.name(field));
      if (columns[field] == PairColumn::other) others_.emplace_back(name, TextColumn());
      if (columns[field] == PairColumn::unused && name != "-") dataset.interactions.unread.push_back(name);
      const auto known = our_names.find(columns[field]);
      if (known != our_names.end() && name != known->second)
        dataset.interactions.own_names[name] = known->second;
    }
    other_hashes_.resize(others_.size());
  }

  /// Adds this rank's lines of the files of a part, each with its layout. Training files come first. Collective.
  void add(Part part, std::vector<TextShare> texts, std::span<const FileLayout> layouts,
           mpi::Communicator& communicator) {
    const std::size_t before = items_.size();
    std::int64_t lines = 0;
    for (const TextShare& text : texts) lines += text.lines();
    if (layouts.front().format == FileFormat::pairs) reserve(before + static_cast<std::size_t>(lines));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const TextShare text = std::move(texts[i]);  // which then frees what it has in memory
      const std::size_t had = items_.size();
      layouts[i].format == FileFormat::lists ? add_lists(text, communicator)
                                             : add_pairs(layouts[i], text, communicator);
      require_interactions(items_.size() - had, text, layouts[i], communicator);
    }
    const auto added = static_cast<std::int64_t>(items_.size() - before);
    const std::int64_t first = communicator.sum_before(added);
    if (part == Part::train) dataset_.first = first;
    dataset_.total += communicator.sum(added);
    if (dataset_.comes_split) dataset_.parts.resize(items_.size(), part);
    for (std::size_t i = before; i < items_.size(); ++i)
      hash(i, part, first + static_cast<std::int64_t>(i - before));
  }

  /// Completes the columns, and returns the item of each interaction. Collective.
  TextColumn finish(mpi::Communicator& communicator) {
    Columns& columns = dataset_.interactions;
    columns.rows = items_.size();
    // The sum is meant modulo 2^64; only its bits travel as a signed number.
    dataset_.content_hash = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash_)));
    for (std::size_t i = 0; i < others_.size(); ++i) {
      auto& [name, texts] = others_[i];
      add_column_hash(name, other_hashes_[i], dataset_, communicator);
      add_typed(name, std::move(texts), columns, communicator);
    }
    if (!has_ratings_) return std::move(items_);
    const bool are_whole = std::ranges::all_of(ratings_, [](double rating) {
      return rating == std::trunc(rating) && std::abs(rating) <= largest_whole;
    });
    if (communicator.min(std::int64_t{are_whole ? 1 : 0}) == 0) {
      columns.decimals["rating"] = std::move(ratings_);
    } else {
      columns.numbers["rating"].assign(ratings_.begin(), ratings_.end());
    }
    return std::move(items_);
  }

 private:
  inline static const std::map<PairColumn, std::string> our_names = {{PairColumn::user, "user_id"},
                                                                     {PairColumn::item, "item_id"},
                                                                     {PairColumn::rating, "rating"},
                                                                     {PairColumn::timestamp, "timestamp"}};

  static void require_interactions(std::size_t added, const TextShare& text, const FileLayout& layout,
                                   mpi::Communicator& communicator) {
    if (communicator.sum(static_cast<std::int64_t>(added)) > 0) return;
    throw mpi::AgreedError(
        base::ExitCode::data,
        fmt::format("{}: holds no interactions. It was read as {}. Give a file that does, or leave it out.",
                    text.path().string(), layout.description));
  }

  void add_lists(const TextShare& text, mpi::Communicator& communicator) {
    LineErrors errors(text.path());
    ListReader read;
    mpi::agree(communicator, [&] {
      text.for_each_line([&](const Line& line) {
        const std::vector<Field>& fields = read(line, errors);
        for (std::size_t i = 1; i < fields.size(); ++i) {
          users_.push_back(fields[0].text);
          items_.push_back(fields[i].text);
        }
      });
    });
    errors.settle(bad_lines_, ListReader::remedy, communicator);
    read.tell_of_idle_users(text.path(), communicator);
  }

  void add_pairs(const FileLayout& layout, const TextShare& text, mpi::Communicator& communicator) {
    std::vector<std::size_t> fields;  // of the other columns
    for (const auto& [name, texts] : others_) fields.push_back(layout.columns.find_other(name).value());
    std::optional<LineErrors> errors;
    std::optional<PairReader> read;
    const std::size_t before = items_.size();
    const auto begin = [&] {
      keep_first(before);
      errors.emplace(text.path());
      read.emplace(layout);
    };
    const auto add = [&](const Line& line) {
      const Pair* pair = (*read)(line, *errors);
      if (pair == nullptr) return !read->goes_on();
      add_pair(*pair);
      for (std::size_t i = 0; i < others_.size(); ++i)
        others_[i].second.push_back((*pair->fields)[fields[i]].text);
      return true;
    };
    text.for_each_record({layout.separator, layout.columns.size()}, begin, add, communicator);
    errors->settle(bad_lines_, PairReader::remedy_for(layout), communicator);
    if (has_timestamps_) read->tell_of_fractions(text.path(), communicator);
  }

  /// Takes away all rows but the first ones.
  void keep_first(std::size_t rows) {
    users_.keep_first(rows);
    items_.keep_first(rows);
    for (auto& [name, texts] : others_) texts.keep_first(rows);
    if (has_ratings_) ratings_.resize(rows);
    if (has_timestamps_) timestamps_->resize(rows);
  }

  void reserve(std::size_t rows) {
    users_.reserve(rows);
    items_.reserve(rows);
    for (auto& [name, texts] : others_) texts.reserve(rows);
    if (has_ratings_) ratings_.reserve(rows);
    if (has_timestamps_) timestamps_->reserve(rows);
  }

  void add_pair(const Pair& pair) {
    users_.push_back(pair.user);
    items_.push_back(pair.item);
    if (has_ratings_) ratings_.push_back(pair.rating);
    if (has_timestamps_) timestamps_->push_back(pair.timestamp);
  }

  /// Adds to the hash interaction `own`, which is number `number` of its part.
  void hash(std::size_t own, Part part, std::int64_t number) {
    const std::array<std::uint64_t, 4> words = {
        users_.hash(own), items_.hash(own), has_ratings_ ? XXH3_64bits(&ratings_[own], sizeof(double)) : 0,
        has_timestamps_ ? static_cast<std::uint64_t>((*timestamps_)[own]) : 0};
    const std::uint64_t seed =
        static_cast<std::uint64_t>(number) * part_names.size() + static_cast<std::uint64_t>(part);
    hash_ += hash_words(words, seed);
    for (std::size_t i = 0; i < others_.size(); ++i)
      other_hashes_[i] += XXH3_64bits_withSeed(&seed, sizeof(seed), others_[i].second.hash(own));
  }

  Dataset& dataset_;
  BadLines bad_lines_;
  bool has_ratings_;
  bool has_timestamps_;
  TextColumn& users_;
  TextColumn items_;
  std::vector<double> ratings_;
  std::vector<std::int64_t>* timestamps_ = nullptr;
  std::vector<std::pair<std::string, TextColumn>> others_;  // by name
  std::uint64_t hash_ = 0;
  std::vector<std::uint64_t> other_hashes_;  // of each of them
};

/// Makes the distinct items of all ranks the catalogue, and each of `items` a row of it. Collective.
void make_catalogue(const TextColumn& items, Dataset& dataset, mpi::Communicator& communicator) {
  const DistinctStrings mine = distinct_strings(items);
  const VocabularyDirectory directory(mine, communicator, "item_id");
  dataset.catalogue_total = directory.added();
  if (dataset.catalogue_total > most_items) {
    throw mpi::AgreedError(base::ExitCode::data,
                           fmt::format("the files have {} items: at most {} are possible.",
                                       dataset.catalogue_total, most_items));
  }
  const std::vector<std::uint32_t> rows = directory.rows_of(mine, communicator);
  dataset.item_rows.reserve(items.size());
  for (const std::uint32_t place : mine.places)
    dataset.item_rows.push_back(static_cast<std::int32_t>(rows[place] - VocabularyDirectory::special_rows));

  // The owners have the rows in order, though not in even blocks.
  const exchange::RowBlocks blocks(dataset.catalogue_total, communicator.size());
  const StringColumn& owned = directory.owned().strings;
  const std::int64_t first = std::int64_t{directory.row(0)} - VocabularyDirectory::special_rows;
  const std::int64_t last = first + static_cast<std::int64_t>(owned.size());
  std::vector<std::size_t> to_ranks;
  for (int rank = 0; rank < communicator.size(); ++rank) {
    const exchange::RowRange block = blocks.block(rank);
    to_ranks.push_back(static_cast<std::size_t>(
        std::max<std::int64_t>(0, std::min(block.last, last) - std::max(block.first, first))));
  }
  std::vector<std::size_t> received;
  dataset.catalogue.strings["item_id"] = all_to_all_strings(owned, to_ranks, received, communicator);
  dataset.catalogue_first = blocks.block(communicator.rank()).first;
  dataset.catalogue.rows = static_cast<std::size_t>(blocks.block(communicator.rank()).size());
}

/// Who says what the files are.
enum class Source {
  options,    ///< the user, or the files themselves
  directory,  ///< their names: lists
};

/// How each file is read, which root says. Collective.
std::vector<FileLayout> layouts_of(std::vector<SampledFile> samples, const GivenFiles& given,
                                   const WantedColumns& wanted, Source source,
                                   mpi::Communicator& communicator) {
  constexpr std::size_t most_told = 3;
  std::vector<FileLayout> layouts;
  mpi::agree(communicator, [&] {
    if (source == Source::directory) check_lists(samples);
    layouts = recognise_layouts(samples, given.format, given.columns, wanted);
  });
  if (!communicator.is_root()) return layouts;
  for (std::size_t i = 0; i < std::min(samples.size(), most_told); ++i)
    spdlog::info("{}: {}", samples[i].path.string(), layouts[i].description);
  if (samples.size() > most_told) spdlog::info("and {} files more", samples.size() - most_told);
  return layouts;
}

/// `given` has their format and columns.
Dataset read_parts(const std::vector<PartFiles>& parts, const GivenFiles& given, const WantedColumns& wanted,
                   Source source, mpi::Communicator& communicator) {
  std::vector<std::vector<TextShare>> texts;
  std::vector<SampledFile> samples;
  for (const PartFiles& part : parts) {
    texts.push_back(open_texts(part.paths, communicator));
    for (TextShare& text : texts.back()) samples.push_back({text.path(), text.take_sample()});
  }
  const std::vector<FileLayout> layouts = layouts_of(std::move(samples), given, wanted, source, communicator);
  Dataset dataset;
  dataset.comes_split = parts.size() > 1;
  Interactions interactions(dataset, layouts.front(), given.bad_lines);
  std::span<const FileLayout> rest = layouts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t files = parts[i].paths.size();
    interactions.add(parts[i].part, std::move(texts[i]), rest.first(files), communicator);
    rest = rest.subspan(files);
  }
  make_catalogue(interactions.finish(communicator), dataset, communicator);
  dataset.weight_column = given.columns.weight;
  return dataset;
}

/// The name of the file of validation examples; empty when there is none. Throws DataError.
std::string validation_file_of(const fs::path& directory) {
  std::error_code error;
  const bool has_valid = fs::exists(directory / "valid.txt", error);
  const bool has_validation = fs::exists(directory / "validation.txt", error);
  if (has_valid && has_validation) {
    throw base::DataError(
        fmt::format("--data {}: holds both valid.txt and validation.txt. Take one of them away, or name the "
                    "files with --train-file, "
                    "--validation-file and --test-file.",
                    directory.string()));
  }
  if (has_validation) return "validation.txt";
  return has_valid ? "valid.txt" : "";
}

std::vector<fs::path> all_of(const std::vector<PartFiles>& parts) {
  std::vector<fs::path> paths;
  for (const PartFiles& part : parts) paths.insert(paths.end(), part.paths.begin(), part.paths.end());
  return paths;
}

/// "a.csv, b.csv", of many files the first ones only.
std::string names_of(const std::vector<PartFiles>& parts) {
  constexpr std::size_t most_named = 3;
  std::vector<std::string> names;
  for (const fs::path& path : all_of(parts)) names.push_back(path.filename().string());
  if (names.size() > most_named + 1) {
    const std::size_t more = names.size() - most_named;
    names.resize(most_named);
    names.push_back(fmt::format("and {} more", more));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// The files that a name with * or ? stands for, by name, or the one that has it. Throws DataError.
std::vector<std::string> files_of(const std::string& pattern) {
  std::error_code error;
  if (pattern.find_first_of("*?[") == std::string::npos || fs::exists(pattern, error)) return {pattern};
  glob_t found = {};
  const int failure = ::glob(pattern.c_str(), 0, nullptr, &found);
  const std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (failure != 0 || paths.empty()) {
    throw base::DataError(
        fmt::format("--ratings '{}': there is no such file, and none that this pattern fits. Check the path; "
                    "relative paths start where the program was started.",
                    pattern));
  }
  return paths;
}

/// The files that these names stand for, each once, as root finds them. Collective.
std::vector<fs::path> expand(const std::vector<std::string>& patterns, mpi::Communicator& communicator) {
  StringColumn found;
  mpi::agree(communicator, [&] {
    if (!communicator.is_root()) return;
    std::set<std::string> all;
    for (const std::string& pattern : patterns) {
      for (const std::string& path : files_of(pattern)) {
        if (!all.insert(path).second)
          throw base::DataError(fmt::format("--ratings {}: is given twice; name it once", path));
        found.push_back(path);
      }
    }
  });
  std::vector<fs::path> paths;
  for (const std::string& path : all_gather_strings(found, communicator).texts()) paths.emplace_back(path);
  return paths;
}

/// Whether two paths lead to one file. (std::filesystem::equivalent() does not compare pipes.)
bool are_one(const fs::path& one, const fs::path& other) {
  struct stat of_one = {};
  struct stat of_other = {};
  return ::stat(one.c_str(), &of_one) == 0 && ::stat(other.c_str(), &of_other) == 0 &&
         of_one.st_dev == of_other.st_dev && of_one.st_ino == of_other.st_ino;
}

/// Refuses a stream that is given twice: what is read from it for the one is gone for the other. Throws DataError.
void refuse_stream_twice(const std::vector<PartFiles>& parts) {
  const std::vector<fs::path> paths = all_of(parts);
  for (std::size_t i = 1; i < paths.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (!are_one(paths[earlier], paths[i]) || !is_stream(paths[i])) continue;
      throw base::DataError(fmt::format(
          "{}: is a pipe or other stream that is given twice, and can be read only once. Give "
          "each a file of its own, or have the data split: --validation-fraction, --test-fraction.",
          paths[i].string()));
    }
  }
}

/// Collective.
std::vector<PartFiles> parts_of(const GivenFiles& given, mpi::Communicator& communicator) {
  if (!given.ratings.empty()) return {{Part::train, expand(given.ratings, communicator)}};
  std::vector<PartFiles> parts = {{Part::train, {given.train}}};
  if (!given.validation.empty()) parts.push_back({Part::validation, {given.validation}});
  if (!given.test.empty()) parts.push_back({Part::test, {given.test}});
  return parts;
}

}  // namespace

Dataset read_given_files(const GivenFiles& given, const WantedColumns& wanted,
                         mpi::Communicator& communicator, const TableNames& names) {
  const std::vector<PartFiles> parts = parts_of(given, communicator);
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) refuse_stream_twice(parts);
  });
  Dataset dataset = read_parts(parts, given, wanted, Source::options, communicator);
  dataset.name = names_of(parts);
  if (!given.items.empty()) {
    join_items(read_item_table(given.items, names.items, dataset.interactions.own_name("item_id"),
                               given.bad_lines, communicator),
               dataset, communicator);
  }
  if (!given.users.empty())
    join_users({given.users, names.users, dataset.interactions.own_name("user_id")}, wanted, given.bad_lines,
               dataset, communicator);
  return dataset;
}

bool SplitListsReader::recognises(const fs::path& directory) const {
  std::error_code error;
  return fs::exists(directory / "train.txt", error) && fs::exists(directory / "test.txt", error);
}

Dataset SplitListsReader::read(const fs::path& directory, const WantedColumns&, BadLines bad_lines,
                               mpi::Communicator& communicator) const {
  std::string validation;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) validation = validation_file_of(directory);
  });
  communicator.broadcast(validation);
  std::vector<PartFiles> parts = {{Part::train, {directory / "train.txt"}}};
  if (!validation.empty()) parts.push_back({Part::validation, {directory / validation}});
  parts.push_back({Part::test, {directory / "test.txt"}});
  const fs::path path = directory.has_filename() ? directory : directory.parent_path();
  GivenFiles lists;
  lists.format = FileFormat::lists;
  lists.bad_lines = bad_lines;
  Dataset dataset = read_parts(parts, lists, {}, Source::directory, communicator);
  dataset.name = fmt::format("{} ({})", path.filename().string(), names_of(parts));
  return dataset;
}

}  // namespace gemel::ingest
