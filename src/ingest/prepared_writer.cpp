#include "ingest/prepared_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint_writer.hpp"
#include "ingest/distinct_strings.hpp"
#include "ingest/item_counts.hpp"
#include "ingest/prepared_format.hpp"
#include "ingest/trained_sample_file.hpp"
#include "ingest/vocabulary.hpp"
#include "ingest/vocabulary_file.hpp"
#include "mpi/agreement.hpp"

namespace gemel::ingest {
namespace {

constexpr std::int64_t most_texts = std::numeric_limits<std::int32_t>::max();

/// This rank's interactions [begin, end), which are rows [first, first + end - begin) of `total` of a part.
struct PartRows {
  std::string_view part;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::int64_t first = 0;
  std::int64_t total = 0;
};

/// Collective.
std::vector<PartRows> rows_of_parts(const Dataset& dataset, mpi::Communicator& communicator) {
  std::vector<PartRows> parts;
  std::size_t begin = 0;
  const auto add = [&](std::string_view part, std::size_t count) {
    const auto rows = static_cast<std::int64_t>(count);
    const std::int64_t total = communicator.sum(rows);
    const std::int64_t first = communicator.sum_before(rows);
    if (total > 0) parts.push_back({part, begin, begin + count, first, total});
    begin += count;
  };
  if (!dataset.comes_split) {
    add("all", dataset.item_rows.size());
    return parts;
  }
  for (std::size_t part = 0; part < part_names.size(); ++part) {
    add(part_names[part],
        static_cast<std::size_t>(std::ranges::count(dataset.parts, static_cast<Part>(part))));
  }
  return parts;
}

/// Writes the groups of the file. All members are collective.
class PreparedWriter {
 public:
  PreparedWriter(checkpoint::CheckpointWriter& writer, const Dataset& dataset,
                 mpi::Communicator& communicator)
      : writer_(writer),
        dataset_(dataset),
        communicator_(communicator),
        parts_(rows_of_parts(dataset, communicator)) {}

  void write_identity(const std::string& made_by) {
    const auto attribute = [&](const char* name, const auto& value) {
      writer_.attribute("/data", name, value);
    };
    writer_.attribute("/", "made_by", made_by);
    attribute("name", dataset_.name);
    attribute("interactions", dataset_.total);
    attribute("content_hash", dataset_.content_hash);
    attribute("weight_column", dataset_.weight_column);
    attribute("comes_split", std::int64_t{dataset_.comes_split});
    attribute("users_come_back", std::int64_t{dataset_.users_come_back});
    attribute("own_names", nlohmann::json(dataset_.interactions.own_names).dump());
    attribute("own_names_of_items", nlohmann::json(dataset_.catalogue.own_names).dump());
  }

  void write_interactions() {
    write_rows(dataset_.item_rows, [](std::string_view part) { return part_path(part) + "/item"; });
    const Columns& columns = dataset_.interactions;
    for (const auto& [name, texts] : columns.strings) write_texts(name, texts);
    for (const auto& [name, numbers] : columns.numbers) write_column(name, numbers);
    for (const auto& [name, decimals] : columns.decimals) write_column(name, decimals);
  }

  void write_split(const StoredSplit& split) {
    std::vector<std::uint8_t> numbers;
    for (const Part part : split.parts) numbers.push_back(static_cast<std::uint8_t>(part));
    write_rows(numbers, [](std::string_view part) { return part_path(part) + "/part"; });
    const auto attribute = [&](const char* name, const auto& value) {
      writer_.attribute("/split", name, value);
    };
    const auto names = split_names();
    const SplitSettings& settings = split.settings;
    attribute("kind",
              std::ranges::find(names, settings.kind, &std::pair<std::string, SplitKind>::second)->first);
    attribute("test_fraction", settings.test_fraction);
    attribute("validation_fraction", settings.validation_fraction);
    attribute("folds", settings.folds);
    attribute("fold", settings.fold);
    attribute("seed", settings.seed);
    const SplitBorders& borders = split.borders;
    attribute("test_begin", borders.test_begin);
    attribute("test_end", borders.test_end);
    attribute("validation_end", borders.validation_end);
    attribute("train_until", borders.train_until);
    write_sample(writer_, "/split", split.trained);
    for (const auto& [part, overlap] : split.overlaps) write_overlap(overlap_path(part), overlap);
  }

  void write_items() {
    const Columns& items = dataset_.catalogue;
    for (const auto& [name, texts] : items.strings)
      write_vocabulary(writer_, item_column_path(name),
                       {dataset_.catalogue_total, dataset_.catalogue_first, texts.rows()});
    for (const auto& [name, numbers] : items.numbers) write_item_column(name, numbers);
    for (const auto& [name, decimals] : items.decimals) write_item_column(name, decimals);
    const std::vector<std::int64_t> counts =
        count_items(dataset_.item_rows, dataset_.catalogue_total, communicator_);
    writer_.write("/items/count", std::span<const std::int64_t>(counts));
  }

 private:
  /// A dataset in each part, of a value for each interaction.
  template <class T, class PathOf>
  void write_rows(const std::vector<T>& values, const PathOf& path_of) {
    for (const PartRows& rows : parts_) {
      writer_.write_rows(path_of(rows.part), static_cast<std::size_t>(rows.total),
                         static_cast<std::size_t>(rows.first),
                         std::span(values).subspan(rows.begin, rows.end - rows.begin));
    }
  }

  template <class T>
  void write_column(const std::string& name, const std::vector<T>& values) {
    write_rows(values, [&](std::string_view part) { return column_path(part, name); });
    const auto hash = dataset_.column_hashes.find(name);
    if (hash == dataset_.column_hashes.end()) return;
    for (const PartRows& rows : parts_)
      writer_.attribute(column_path(rows.part, name), "content_hash", hash->second);
  }

  void write_texts(const std::string& name, const TextColumn& texts) {
    const DistinctStrings mine = distinct_strings(texts);
    const VocabularyDirectory directory(mine, communicator_, name);
    if (directory.added() > most_texts) {
      throw mpi::AgreedError(base::ExitCode::data,
                             fmt::format("column {}: has {} distinct texts: at most {} are possible.", name,
                                         directory.added(), most_texts));
    }
    const auto row_behind_unknown = [](std::uint32_t row) {
      return static_cast<std::int32_t>(row - VocabularyDirectory::special_rows);
    };
    const std::vector<std::uint32_t> rows = directory.rows_of(mine, communicator_);
    std::vector<std::int32_t> codes;
    codes.reserve(texts.size());
    for (const std::uint32_t place : mine.places) codes.push_back(row_behind_unknown(rows[place]));
    write_column(name, codes);
    const std::int64_t first = directory.row(0) - VocabularyDirectory::special_rows;
    const DistinctStrings& owned = directory.owned();
    write_vocabulary(writer_, vocabulary_path(name, "text"), {directory.added(), first, owned.strings});
    writer_.write_rows(vocabulary_path(name, "count"), static_cast<std::size_t>(directory.added()),
                       static_cast<std::size_t>(first), std::span<const std::int64_t>(owned.counts));
  }

  void write_overlap(const std::string& path, const PartOverlap& overlap) {
    for (const auto& [name, member] : overlap_members) {
      writer_.attribute(path, std::string(name), (overlap.*member).distinct);
      writer_.attribute(path, std::string(name) + "_in_training", (overlap.*member).in_training);
    }
    writer_.attribute(path, "unknown_user", overlap.unknown_user);
    writer_.attribute(path, "training_user", overlap.training_user);
  }

  template <class T>
  void write_item_column(const std::string& name, const std::vector<T>& values) {
    writer_.write_rows(item_column_path(name), static_cast<std::size_t>(dataset_.catalogue_total),
                       static_cast<std::size_t>(dataset_.catalogue_first), std::span<const T>(values));
  }

  checkpoint::CheckpointWriter& writer_;
  const Dataset& dataset_;
  mpi::Communicator& communicator_;
  std::vector<PartRows> parts_;
};

}  // namespace

void write_prepared(const std::filesystem::path& path, const Dataset& dataset, const std::string& made_by,
                    bool replace, mpi::Communicator& communicator) {
  checkpoint::CheckpointWriter file(path, communicator, prepared_kind(), replace);
  PreparedWriter writer(file, dataset, communicator);
  writer.write_identity(made_by);
  writer.write_interactions();
  if (dataset.stored_split) writer.write_split(*dataset.stored_split);
  writer.write_items();
  file.commit();
}

}  // namespace gemel::ingest
