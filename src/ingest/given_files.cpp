#include "ingest/given_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "exchange/placement.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/field_splitter.hpp"
#include "ingest/file_bytes.hpp"
#include "ingest/file_layout.hpp"
#include "ingest/item_table.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/list_reader.hpp"
#include "ingest/pair_reader.hpp"
#include "ingest/string_exchange.hpp"
#include "ingest/text_share.hpp"
#include "ingest/vocabulary.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_items = std::numeric_limits<std::int32_t>::max() - 1;
constexpr std::int64_t least_milliseconds = 100'000'000'000;  // 1973; in seconds it is the year 5138
constexpr double largest_whole = 9007199254740992.0;  // 2^53: a double has every whole number up to it

/// A file, and what its interactions are for.
struct PartFile {
  Part part;
  fs::path path;
};

/// What the files say, line after line.
class Interactions {
 public:
  /// Whether there are ratings and timestamps, all files have like `layout`.
  Interactions(Dataset& dataset, const FileLayout& layout)
      : dataset_(dataset),
        has_ratings_(layout.columns.has(PairColumn::rating)),
        has_timestamps_(layout.columns.has(PairColumn::timestamp)),
        users_(dataset.interactions.strings["user_id"]) {
    if (has_timestamps_) timestamps_ = &dataset.interactions.numbers["timestamp"];
  }

  /// Adds this rank's lines of a file. Training files come first. Collective.
  void add(const PartFile& file, const FileLayout& layout, const TextShare& text,
           mpi::Communicator& communicator) {
    const std::size_t before = items_.size();
    if (layout.format == FileFormat::lists) {
      add_lists(file.path, text, communicator);
    } else {
      add_pairs(file.path, layout, text, communicator);
    }
    const auto added = static_cast<std::int64_t>(items_.size() - before);
    const std::int64_t first = communicator.sum_before(added);
    const std::int64_t total = communicator.sum(added);
    if (total == 0) {
      throw mpi::AgreedError(
          base::ExitCode::data,
          fmt::format("{}: holds no interactions. It was read as {}. Give a file that does, or leave it out.",
                      file.path.string(), layout.description));
    }
    if (file.part == Part::train) dataset_.first = first;
    dataset_.total += total;
    if (dataset_.comes_split) dataset_.parts.resize(items_.size(), file.part);
    for (std::size_t i = before; i < items_.size(); ++i)
      hash(i, file.part, first + static_cast<std::int64_t>(i - before));
  }

  /// Completes the columns, and returns the item of each interaction. Collective.
  TextColumn finish(mpi::Communicator& communicator) {
    Columns& columns = dataset_.interactions;
    columns.rows = items_.size();
    // The sum is meant modulo 2^64; only its bits travel as a signed number.
    dataset_.content_hash = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash_)));
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
  void add_lists(const fs::path& path, const TextShare& text, mpi::Communicator& communicator) {
    LineErrors errors(path);
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
    errors.throw_if_any(ListReader::remedy, communicator);
    read.tell_of_idle_users(path, communicator);
  }

  void add_pairs(const fs::path& path, const FileLayout& layout, const TextShare& text,
                 mpi::Communicator& communicator) {
    LineErrors errors(path);
    PairReader read(layout);
    reserve(items_.size() + static_cast<std::size_t>(text.lines()));
    mpi::agree(communicator, [&] {
      text.for_each_line([&](const Line& line) {
        if (const auto pair = read(line, errors)) add_pair(*pair);
      });
    });
    errors.throw_if_any(PairReader::remedy_for(layout), communicator);
  }

  void reserve(std::size_t rows) {
    users_.reserve(rows);
    items_.reserve(rows);
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
    hash_ += XXH3_64bits_withSeed(
        words.data(), sizeof(words),
        static_cast<std::uint64_t>(number) * part_names.size() + static_cast<std::uint64_t>(part));
  }

  Dataset& dataset_;
  bool has_ratings_;
  bool has_timestamps_;
  TextColumn& users_;
  TextColumn items_;
  std::vector<double> ratings_;
  std::vector<std::int64_t>* timestamps_ = nullptr;
  std::uint64_t hash_ = 0;
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

/// What times up to `latest` are counted in, rather than in seconds; empty: they may be seconds.
std::string_view unit_of(std::int64_t latest) {
  if (latest >= least_milliseconds * 1'000'000) return "nanoseconds";
  if (latest >= least_milliseconds * 1000) return "microseconds";
  return latest >= least_milliseconds ? "milliseconds" : "";
}

/// Says it when times are so large that they can hardly be seconds. Collective.
void warn_of_finer_times(const Dataset& dataset, mpi::Communicator& communicator) {
  const auto times = dataset.interactions.numbers.find("timestamp");
  const bool has_own = times != dataset.interactions.numbers.end() && !times->second.empty();
  const std::int64_t latest = communicator.max(has_own ? *std::ranges::max_element(times->second) : 0);
  const std::string_view unit = unit_of(latest);
  if (unit.empty() || !communicator.is_root()) return;
  spdlog::warn("timestamps of up to {} are {} rather than seconds; they are taken as they are", latest, unit);
}

/// This rank's share of each file. Collective.
std::vector<TextShare> open_each(const std::vector<PartFile>& files, mpi::Communicator& communicator) {
  std::vector<TextShare> texts;
  for (const PartFile& file : files)
    texts.push_back(std::move(open_texts(std::span(&file.path, 1), communicator).front()));
  return texts;
}

/// Who says what the files are.
enum class Source {
  options,    ///< the user, or the files themselves
  directory,  ///< their names: lists
};

/// How each file is read, which root says. Collective.
std::vector<FileLayout> layouts_of(const std::vector<PartFile>& files, std::vector<TextShare>& texts,
                                   const GivenFiles& given, Source source, mpi::Communicator& communicator) {
  std::vector<SampledFile> samples;
  for (std::size_t i = 0; i < files.size(); ++i) samples.push_back({files[i].path, texts[i].take_sample()});
  std::vector<FileLayout> layouts;
  mpi::agree(communicator, [&] {
    if (source == Source::directory) check_lists(samples);
    layouts = recognise_layouts(samples, given.format, given.columns);
  });
  for (std::size_t i = 0; communicator.is_root() && i < files.size(); ++i)
    spdlog::info("{}: {}", files[i].path.string(), layouts[i].description);
  return layouts;
}

/// `given` has their format and columns.
Dataset read_parts(const std::vector<PartFile>& files, const GivenFiles& given, Source source,
                   mpi::Communicator& communicator) {
  std::vector<TextShare> texts = open_each(files, communicator);
  const std::vector<FileLayout> layouts = layouts_of(files, texts, given, source, communicator);
  Dataset dataset;
  dataset.comes_split = files.size() > 1;
  Interactions interactions(dataset, layouts.front());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const TextShare text = std::move(texts[i]);  // which then frees what it has in memory
    interactions.add(files[i], layouts[i], text, communicator);
  }
  make_catalogue(interactions.finish(communicator), dataset, communicator);
  warn_of_finer_times(dataset, communicator);
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

std::string names_of(const std::vector<PartFile>& files) {
  std::vector<std::string> names;
  for (const PartFile& file : files) names.push_back(file.path.filename().string());
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Whether two paths lead to one file. (std::filesystem::equivalent() does not compare pipes.)
bool are_one(const fs::path& one, const fs::path& other) {
  struct stat of_one = {};
  struct stat of_other = {};
  return ::stat(one.c_str(), &of_one) == 0 && ::stat(other.c_str(), &of_other) == 0 &&
         of_one.st_dev == of_other.st_dev && of_one.st_ino == of_other.st_ino;
}

/// Refuses one stream for two parts: what is read from it for the one is gone for the other. Throws DataError.
void refuse_stream_twice(const std::vector<PartFile>& files) {
  for (std::size_t i = 1; i < files.size(); ++i) {
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (!are_one(files[earlier].path, files[i].path) || !is_stream(files[i].path)) continue;
      throw base::DataError(fmt::format(
          "{}: is a pipe or other stream that is given twice, for {} and {}, and can be read only once. Give "
          "each a file of its own, or have the data split: --validation-fraction, --test-fraction.",
          files[i].path.string(), part_names[static_cast<std::size_t>(files[earlier].part)],
          part_names[static_cast<std::size_t>(files[i].part)]));
    }
  }
}

}  // namespace

Dataset read_given_files(const GivenFiles& given, mpi::Communicator& communicator,
                         const std::vector<std::string>& item_columns) {
  std::vector<PartFile> files = {{Part::train, given.train}};
  if (!given.validation.empty()) files.push_back({Part::validation, given.validation});
  if (!given.test.empty()) files.push_back({Part::test, given.test});
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) refuse_stream_twice(files);
  });
  Dataset dataset = read_parts(files, given, Source::options, communicator);
  dataset.name = names_of(files);
  if (given.items.empty()) return dataset;
  join_items(read_item_table(given.items, item_columns, communicator), dataset, communicator);
  return dataset;
}

bool SplitListsReader::recognises(const fs::path& directory) const {
  std::error_code error;
  return fs::exists(directory / "train.txt", error) && fs::exists(directory / "test.txt", error);
}

Dataset SplitListsReader::read(const fs::path& directory, mpi::Communicator& communicator) const {
  std::string validation;
  mpi::agree(communicator, [&] {
    if (communicator.is_root()) validation = validation_file_of(directory);
  });
  communicator.broadcast(validation);
  std::vector<PartFile> files = {{Part::train, directory / "train.txt"}};
  if (!validation.empty()) files.push_back({Part::validation, directory / validation});
  files.push_back({Part::test, directory / "test.txt"});
  const fs::path path = directory.has_filename() ? directory : directory.parent_path();
  GivenFiles lists;
  lists.format = FileFormat::lists;
  Dataset dataset = read_parts(files, lists, Source::directory, communicator);
  dataset.name = fmt::format("{} ({})", path.filename().string(), names_of(files));
  return dataset;
}

}  // namespace gemel::ingest
