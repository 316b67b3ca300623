#include "gemel/ingest/given_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "gemel/base/error.hpp"
#include "gemel/exchange/placement.hpp"
#include "gemel/ingest/delimited_reader.hpp"
#include "gemel/ingest/distinct_strings.hpp"
#include "gemel/ingest/line_errors.hpp"
#include "gemel/ingest/string_exchange.hpp"
#include "gemel/ingest/vocabulary.hpp"
#include "gemel/mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_items = std::numeric_limits<std::int32_t>::max() - 1;
constexpr double largest_whole = 9007199254740992.0;  // 2^53: a double has every whole number up to it

/// A file, and what its interactions are for.
struct PartFile {
  Part part;
  fs::path path;
};

/// Cuts `text` at blanks and tabs, and takes none of them for a field.
void split_at_blanks(std::string_view text, std::vector<std::string_view>& fields) {
  constexpr std::string_view blanks = " \t";
  fields.clear();
  for (std::size_t start = text.find_first_not_of(blanks); start != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(blanks, start), text.size());
    fields.push_back(text.substr(start, end - start));
    start = text.find_first_not_of(blanks, end);
  }
}

/// Cuts `text` at commas, and takes the blanks around a field away.
void split_at_commas(std::string_view text, std::vector<std::string_view>& fields) {
  fields.clear();
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    std::string_view field = text.substr(start, end - start);
    field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
    field.remove_suffix(field.size() - (field.find_last_not_of(" \t") + 1));
    fields.push_back(field);
    start = end + 1;
  }
}

void split_pair(std::string_view text, std::vector<std::string_view>& fields) {
  if (text.find(',') == std::string_view::npos) return split_at_blanks(text, fields);
  split_at_commas(text, fields);
}

std::optional<double> parse_decimal(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// What the files say, line after line.
class Interactions {
 public:
  /// Every line of a file of pairs must have `pair_fields` fields.
  Interactions(Dataset& dataset, FileFormat format, std::size_t pair_fields)
      : dataset_(dataset),
        format_(format),
        pair_fields_(pair_fields),
        users_(dataset.interactions.strings["user_id"]) {
    if (pair_fields_ == 4) dataset.interactions.numbers["timestamp"];
  }

  /// Adds this rank's lines of a file. Training files come first. Collective.
  void add(const PartFile& file, const DelimitedText& text, mpi::Communicator& communicator) {
    LineErrors errors(file.path);
    const std::size_t before = items_.size();
    text.for_each_line([&](const Line& line) { add_line(line, errors); });
    errors.throw_if_any(
        format_ == FileFormat::lists
            ? "Correct the file, or give --file-format pairs if a line is one interaction."
            : "Correct the file, take a line of headings away, or give --file-format lists if a line is a "
              "user and all the user's items.",
        communicator);
    const auto added = static_cast<std::int64_t>(items_.size() - before);
    const std::int64_t first = communicator.sum_before(added);
    const std::int64_t total = communicator.sum(added);
    if (total == 0) {
      throw mpi::AgreedError(base::ExitCode::data,
                             fmt::format("{}: holds no interactions. Give a file that does, or leave it out.",
                                         file.path.string()));
    }
    if (file.part == Part::train) dataset_.first = first;
    dataset_.total += total;
    if (dataset_.comes_split) dataset_.parts.resize(items_.size(), file.part);
    for (std::size_t i = before; i < items_.size(); ++i)
      hash(i, file.part, first + static_cast<std::int64_t>(i - before));
  }

  /// Completes the columns, and returns the item of each interaction. Collective.
  StringColumn finish(mpi::Communicator& communicator) {
    Columns& columns = dataset_.interactions;
    columns.rows = items_.size();
    // The sum is meant modulo 2^64; only its bits travel as a signed number.
    dataset_.content_hash = static_cast<std::uint64_t>(communicator.sum(static_cast<std::int64_t>(hash_)));
    if (pair_fields_ < 3) return std::move(items_);
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
  void add_line(const Line& line, LineErrors& errors) {
    format_ == FileFormat::lists ? split_at_blanks(line.text, fields_) : split_pair(line.text, fields_);
    if (fields_.empty()) return;
    if (format_ == FileFormat::pairs) return add_pair(line, errors);
    for (std::size_t i = 1; i < fields_.size(); ++i) {
      users_.push_back(fields_[0]);
      items_.push_back(fields_[i]);
    }
  }

  void add_pair(const Line& line, LineErrors& errors) {
    if (fields_.size() != pair_fields_) {
      return errors.add(
          line, line.text,
          fmt::format("{} fields (user, item{}{}), not {}", pair_fields_, pair_fields_ > 2 ? ", rating" : "",
                      pair_fields_ > 3 ? ", timestamp" : "", fields_.size()));
    }
    if (fields_[0].empty()) return errors.add(line, fields_[0], "a user");
    if (fields_[1].empty()) return errors.add(line, fields_[1], "an item");
    const auto rating = pair_fields_ > 2 ? parse_decimal(fields_[2]) : 0.0;
    if (!rating) return errors.add(line, fields_[2], "a rating, a finite number");
    const auto timestamp = pair_fields_ > 3 ? parse_number(fields_[3]) : 0;
    if (!timestamp) return errors.add(line, fields_[3], "a timestamp, a whole number");
    users_.push_back(fields_[0]);
    items_.push_back(fields_[1]);
    if (pair_fields_ > 2) ratings_.push_back(*rating);
    if (pair_fields_ > 3) dataset_.interactions.numbers["timestamp"].push_back(*timestamp);
  }

  /// Adds to the hash interaction `own`, which is number `number` of its part.
  void hash(std::size_t own, Part part, std::int64_t number) {
    const std::array<std::uint64_t, 4> words = {
        hash_of(users_[own]), hash_of(items_[own]),
        pair_fields_ > 2 ? XXH3_64bits(&ratings_[own], sizeof(double)) : 0,
        pair_fields_ > 3 ? static_cast<std::uint64_t>(dataset_.interactions.numbers["timestamp"][own]) : 0};
    hash_ += XXH3_64bits_withSeed(
        words.data(), sizeof(words),
        static_cast<std::uint64_t>(number) * part_names.size() + static_cast<std::uint64_t>(part));
  }

  Dataset& dataset_;
  FileFormat format_;
  std::size_t pair_fields_;
  StringColumn& users_;
  StringColumn items_;
  std::vector<double> ratings_;
  std::vector<std::string_view> fields_;
  std::uint64_t hash_ = 0;
};

/// Fields of the first line of a file of pairs that is not blank; 2 to 4, whatever it has. Collective.
std::size_t fields_of_first_line(const DelimitedText& text, mpi::Communicator& communicator) {
  std::size_t own = 0;
  text.for_each_line([&](const Line& line) {
    std::vector<std::string_view> fields;
    if (own == 0) split_pair(line.text, fields);
    own = std::max(own, fields.size());
  });
  const std::vector<std::size_t> all = communicator.all_gather(own);
  const auto first = std::ranges::find_if(all, [](std::size_t fields) { return fields > 0; });
  return std::clamp<std::size_t>(first == all.end() ? 0 : *first, 2, 4);
}

/// Makes the distinct items of all ranks the catalogue, and each of `items` a row of it. Collective.
void make_catalogue(const StringColumn& items, Dataset& dataset, mpi::Communicator& communicator) {
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

Dataset read_parts(const std::vector<PartFile>& files, FileFormat format, mpi::Communicator& communicator) {
  // No line holds a newline: the whole line is one field, which is cut up here.
  const auto share_of = [&](const PartFile& file) { return read_share(file.path, "\n", communicator); };
  Dataset dataset;
  dataset.comes_split = files.size() > 1;
  std::optional<DelimitedText> text = share_of(files.front());
  const bool are_pairs = format == FileFormat::pairs;
  Interactions interactions(dataset, format, are_pairs ? fields_of_first_line(*text, communicator) : 2);
  for (const PartFile& file : files) {
    if (!text) text = share_of(file);
    interactions.add(file, *text, communicator);
    text.reset();
  }
  make_catalogue(interactions.finish(communicator), dataset, communicator);
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

}  // namespace

Dataset read_given_files(const GivenFiles& given, mpi::Communicator& communicator) {
  std::vector<PartFile> files = {{Part::train, given.train}};
  if (!given.validation.empty()) files.push_back({Part::validation, given.validation});
  if (!given.test.empty()) files.push_back({Part::test, given.test});
  Dataset dataset = read_parts(files, given.format, communicator);
  dataset.name = names_of(files);
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
  Dataset dataset = read_parts(files, FileFormat::lists, communicator);
  dataset.name = fmt::format("{} ({})", path.filename().string(), names_of(files));
  return dataset;
}

}  // namespace gemel::ingest
