#include "ingest/prepared_reader.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/pages.hpp"
#include "checkpoint/checkpoint_reader.hpp"
#include "checkpoint/long_texts.hpp"
#include "checkpoint/proof.hpp"
#include "exchange/placement.hpp"
#include "ingest/block_strings.hpp"
#include "ingest/prepared_format.hpp"
#include "ingest/row_bitmap.hpp"
#include "ingest/trained_sample_file.hpp"
#include "ingest/vocabulary_file.hpp"
#include "mpi/agreement.hpp"
#include "mpi/node_memory.hpp"

namespace gemel::ingest {
namespace {

namespace fs = std::filesystem;
using hdf5::Element;

/// This rank's block of the interactions of a part.
struct PartBlock {
  std::string_view name;
  std::int64_t total = 0;
  exchange::RowRange rows;
};

/// Reads the groups of the file. All members are collective.
class PreparedFile {
 public:
  PreparedFile(const fs::path& path, mpi::Communicator& communicator)
      : reader_(path, communicator, prepared_kind()), communicator_(communicator) {
    for (const checkpoint::DatasetInfo& dataset : reader_.datasets()) elements_[dataset.path] = dataset;
  }

  Dataset read(const WantedColumns& wanted) {
    read_identity();
    find_parts();
    read_interactions(wanted);
    read_items();
    if (reader_.has("/split")) read_split();
    return std::move(dataset_);
  }

 private:
  void read_identity() {
    const auto number = [&](const char* name) { return reader_.attribute<std::int64_t>("/data", name); };
    const auto text = [&](const char* name) { return reader_.attribute<std::string>("/data", name); };
    dataset_.name = text("name");
    dataset_.total = number("interactions");
    dataset_.content_hash = reader_.attribute<std::uint64_t>("/data", "content_hash");
    dataset_.weight_column = text("weight_column");
    dataset_.comes_split = number("comes_split") != 0;
    dataset_.users_come_back = number("users_come_back") != 0;
    dataset_.interactions.own_names = names_in(text("own_names"));
    dataset_.catalogue.own_names = names_in(text("own_names_of_items"));
    spdlog::info("{}: {}, prepared by: {}", reader_.path().string(), dataset_.name,
                 reader_.attribute<std::string>("/", "made_by"));
  }

  std::map<std::string, std::string> names_in(const std::string& text) {
    const auto names = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    const bool are_names =
        names.is_object() && std::ranges::all_of(names, [](const auto& name) { return name.is_string(); });
    if (!are_names) refuse("/data has names of columns that cannot be read");
    return names.get<std::map<std::string, std::string>>();
  }

  /// Which parts there are, and which rows of each are this rank's.
  void find_parts() {
    const auto add = [&](std::string_view part) {
      const auto found = elements_.find(part_path(part) + "/item");
      if (found == elements_.end()) return;
      const auto rows = static_cast<std::int64_t>(found->second.shape.rows);
      parts_.push_back(
          {part, rows, exchange::RowBlocks(rows, communicator_.size()).block(communicator_.rank())});
    };
    if (dataset_.comes_split) {
      for (const std::string_view part : part_names) add(part);
    } else {
      add("all");
    }
    std::int64_t total = 0;
    for (const PartBlock& part : parts_) total += part.total;
    if (parts_.empty() || total != dataset_.total)
      refuse(fmt::format("/interactions has {} rows, not {}", total, dataset_.total));
    dataset_.first = parts_.front().rows.first;
    for (const PartBlock& part : parts_) own_rows_ += static_cast<std::size_t>(part.rows.size());
    if (!dataset_.comes_split) return;
    for (const PartBlock& part : parts_) {
      const auto value = std::ranges::find(part_names, part.name) - part_names.begin();
      dataset_.parts.resize(dataset_.parts.size() + static_cast<std::size_t>(part.rows.size()),
                            static_cast<Part>(value));
    }
  }

  void read_interactions(const WantedColumns& wanted) {
    std::vector<std::string> names;
    const std::string prefix = part_path(parts_.front().name) + "/column/";
    for (const auto& [path, element] : elements_)
      if (path.starts_with(prefix)) names.push_back(column_of_path(path));
    double bytes = 4;
    for (const std::string& name : names) bytes += is_read(name, wanted) ? 8 : 0;
    mpi::require_memory(bytes * static_cast<double>(own_rows_),
                        fmt::format("the interactions of {}", reader_.path().string()), "take fewer of them",
                        communicator_);
    Columns& columns = dataset_.interactions;
    columns.rows = own_rows_;
    for (const std::string& name : names) {
      if (!is_read(name, wanted)) {
        columns.unread.push_back(name);
        dataset_.content_hash -= column_hash(name).value_or(0);
        continue;
      }
      read_column(name);
      if (const auto hash = column_hash(name)) dataset_.column_hashes[name] = *hash;
    }
    if (!columns.strings.contains("user_id")) refuse("/interactions has no column user_id of text");
    dataset_.item_rows =
        read_parts<std::int32_t>([](std::string_view part) { return part_path(part) + "/item"; });
  }

  bool is_read(const std::string& name, const WantedColumns& wanted) const {
    return name == "user_id" || name == "timestamp" || name == dataset_.weight_column || wanted.has(name) ||
           wanted.has(dataset_.interactions.own_name(name));
  }

  /// The part of the content's hash that comes from a column, if it is one of those that are not always read.
  std::optional<std::uint64_t> column_hash(const std::string& name) {
    const std::string path = column_path(parts_.front().name, name);
    if (!reader_.has_attribute(path, "content_hash")) return std::nullopt;
    return reader_.attribute<std::uint64_t>(path, "content_hash");
  }

  void read_column(const std::string& name) {
    const auto path_of = [&](std::string_view part) { return column_path(part, name); };
    Columns& columns = dataset_.interactions;
    switch (elements_.at(path_of(parts_.front().name)).element) {
      case Element::int64:
        columns.numbers[name] = read_parts<std::int64_t>(path_of);
        return;
      case Element::float64:
        columns.decimals[name] = read_parts<double>(path_of);
        return;
      case Element::int32:
        columns.strings[name] = read_texts(name);
        return;
      default:
        refuse(fmt::format("column {} is of a kind that no column has", name));
    }
  }

  TextColumn read_texts(const std::string& name) {
    const VocabularyBlock vocabulary = read_vocabulary(reader_, vocabulary_path(name, "text"));
    require_order(vocabulary.strings, name);
    std::vector<std::uint32_t> codes;  // first rows of the vocabulary, then of the strings that this rank has
    base::resize_on_huge_pages(codes, own_rows_);
    const std::span rows(reinterpret_cast<std::int32_t*>(codes.data()), codes.size());
    read_parts(rows, [&](std::string_view part) { return column_path(part, name); });
    require_rows(rows, vocabulary.rows, "column " + name);
    if (communicator_.size() == 1) return {table_of(vocabulary.strings), std::move(codes)};
    RowBitmap used(static_cast<std::size_t>(vocabulary.rows));
    for (const std::uint32_t row : codes) used.add(row);
    used.settle();
    for (std::uint32_t& code : codes) code = used.number(code);
    return {table_of(strings_at(vocabulary, used.rows(), communicator_)), std::move(codes)};
  }

  /// Of strings that are all different.
  static StringTable table_of(const StringColumn& strings) {
    StringTable table;
    for (std::size_t i = 0; i < strings.size(); ++i) table.number(strings[i]);
    return table;
  }

  /// Throws AgreedError unless the texts of a vocabulary, of which each rank has a block, are all different, by (hash, string).
  void require_order(const StringColumn& texts, const std::string& name) {
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < texts.size(); ++i) hashes.push_back(hash_of(texts[i]));
    const std::vector<std::uint64_t> firsts = communicator_.all_gather(hashes.empty() ? 0 : hashes.front());
    const std::vector<std::uint64_t> lasts = communicator_.all_gather(hashes.empty() ? 0 : hashes.back());
    const std::vector<std::int64_t> sizes = communicator_.all_gather(static_cast<std::int64_t>(texts.size()));
    mpi::agree(communicator_, [&] {
      std::optional<std::uint64_t> before;
      for (std::size_t rank = 0; rank < sizes.size(); ++rank) {
        if (sizes[rank] == 0) continue;
        if (before && *before >= firsts[rank]) refuse_order(name);
        before = lasts[rank];
      }
      for (std::size_t i = 1; i < texts.size(); ++i) {
        if (std::pair(hashes[i - 1], texts[i - 1]) >= std::pair(hashes[i], texts[i])) refuse_order(name);
      }
    });
  }

  [[noreturn]] void refuse_order(const std::string& name) const {
    throw base::DataError(
        fmt::format("{}: the vocabulary of column {} has a text twice, or not in order. {}.",
                    reader_.path().string(), name, prepared_kind().when_damaged));
  }

  /// This rank's rows of a dataset that each part has.
  template <class T, class PathOf>
  std::vector<T> read_parts(const PathOf& path_of) {
    std::vector<T> values;
    base::resize_on_huge_pages(values, own_rows_);
    read_parts(std::span(values), path_of);
    return values;
  }

  template <class T, class PathOf>
  void read_parts(std::span<T> rest, const PathOf& path_of) {
    for (const PartBlock& part : parts_) {
      const std::string path = path_of(part.name);
      const auto rows = static_cast<std::size_t>(part.rows.size());
      if (reader_.shape(path) != hdf5::Shape{static_cast<std::size_t>(part.total), {}})
        refuse(fmt::format("{} has not {} rows", path, part.total));
      reader_.read_rows(path, static_cast<std::size_t>(part.rows.first), rest.first(rows));
      rest = rest.subspan(rows);
    }
  }

  void read_items() {
    const std::string id_path = item_column_path("item_id");
    dataset_.catalogue_total = static_cast<std::int64_t>(reader_.shape(id_path).rows);
    const auto block =
        exchange::RowBlocks(dataset_.catalogue_total, communicator_.size()).block(communicator_.rank());
    dataset_.catalogue_first = block.first;
    Columns& items = dataset_.catalogue;
    items.rows = static_cast<std::size_t>(block.size());
    for (const auto& [path, info] : elements_) {
      if (!path.starts_with("/items/column/") || is_rest(path)) continue;
      if (info.shape.rows != static_cast<std::size_t>(dataset_.catalogue_total))
        refuse(fmt::format("{} has not {} rows", path, dataset_.catalogue_total));
      const std::string name = column_of_path(path);
      if (info.element == Element::int64) {
        read_item_column(path, items.numbers[name]);
      } else if (info.element == Element::float64) {
        read_item_column(path, items.decimals[name]);
      } else {
        items.strings[name] = read_vocabulary(reader_, path).strings;
      }
    }
    if (!items.strings.contains("item_id")) refuse("/items has no column item_id of text");
    require_rows(std::span(dataset_.item_rows), dataset_.catalogue_total, "item");
  }

  /// Whether a dataset has what the rows of another one have no room for (checkpoint/long_texts.hpp).
  bool is_rest(const std::string& path) const {
    return std::ranges::any_of(elements_, [&](const auto& element) {
      const std::string& whole = element.first;
      return path.starts_with(whole) && elements_.contains(checkpoint::rest_path(whole)) &&
             elements_.contains(checkpoint::rest_row_path(whole)) &&
             (path == checkpoint::rest_path(whole) || path == checkpoint::rest_row_path(whole));
    });
  }

  template <class T>
  void read_item_column(const std::string& path, std::vector<T>& values) {
    values.resize(dataset_.catalogue.rows);
    reader_.read_rows(path, static_cast<std::size_t>(dataset_.catalogue_first), std::span(values));
  }

  void read_split() {
    const auto number = [&](const char* name) { return reader_.attribute<std::int64_t>("/split", name); };
    const auto share = [&](const char* name) { return reader_.attribute<double>("/split", name); };
    StoredSplit split;
    const auto kind = reader_.attribute<std::string>("/split", "kind");
    const auto names = split_names();
    const auto found = std::ranges::find(names, kind, &std::pair<std::string, SplitKind>::first);
    if (found == names.end())
      refuse(fmt::format("/split is of the kind {}, which this version does not know", kind));
    split.settings = {
        found->second,   share("test_fraction"), share("validation_fraction"),
        number("folds"), number("fold"),         reader_.attribute<std::uint64_t>("/split", "seed")};
    split.borders = {number("test_begin"), number("test_end"), number("validation_end"),
                     number("train_until")};
    split.parts.resize(own_rows_);
    const std::span numbers(reinterpret_cast<std::uint8_t*>(split.parts.data()), split.parts.size());
    read_parts(numbers, [](std::string_view part) { return part_path(part) + "/part"; });
    require_rows(numbers, static_cast<std::int64_t>(part_names.size()), "part");
    split.trained = read_sample(reader_, "/split");
    for (const Part part : {Part::validation, Part::test})
      if (reader_.has(overlap_path(part))) split.overlaps[part] = read_overlap(overlap_path(part));
    dataset_.stored_split = std::move(split);
  }

  PartOverlap read_overlap(const std::string& path) {
    PartOverlap overlap;
    for (const auto& [name, member] : overlap_members) {
      overlap.*member = {reader_.attribute<std::int64_t>(path, name),
                         reader_.attribute<std::int64_t>(path, std::string(name) + "_in_training")};
    }
    overlap.unknown_user = reader_.attribute<std::string>(path, "unknown_user");
    overlap.training_user = reader_.attribute<std::string>(path, "training_user");
    return overlap;
  }

  /// Throws AgreedError unless all values are rows of something that has `rows`.
  template <class T>
  void require_rows(std::span<T> values, std::int64_t rows, const std::string& what) {
    using Unsigned = std::make_unsigned_t<T>;  // in which a negative number is a large one
    mpi::agree(communicator_, [&] {
      Unsigned most = 0;
      for (const T value : values) most = std::max(most, static_cast<Unsigned>(value));
      if (values.empty() || most < static_cast<std::uint64_t>(rows)) return;
      const auto bad = std::ranges::find(values, static_cast<T>(most));
      throw base::DataError(fmt::format("{}: {} of an interaction is row {} of {}. {}.",
                                        reader_.path().string(), what, std::int64_t{*bad}, rows,
                                        prepared_kind().when_damaged));
    });
  }

  [[noreturn]] void refuse(const std::string& what) {
    reader_.refuse(fmt::format("{}. {}.", what, prepared_kind().when_damaged));
  }

  checkpoint::CheckpointReader reader_;
  mpi::Communicator& communicator_;
  std::map<std::string, checkpoint::DatasetInfo> elements_;
  std::vector<PartBlock> parts_;
  std::size_t own_rows_ = 0;  // of all parts
  Dataset dataset_;
};

}  // namespace

bool PreparedReader::recognises(const fs::path& path) const {
  return checkpoint::begins_as_container(path) || checkpoint::begins_as_container(path / prepared_name);
}

Dataset PreparedReader::read(const fs::path& path, const WantedColumns& wanted, BadLines,
                             mpi::Communicator& communicator) const {
  bool is_directory = false;
  mpi::agree(communicator, [&] { is_directory = fs::is_directory(path); });
  return PreparedFile(is_directory ? path / prepared_name : path, communicator).read(wanted);
}

}  // namespace gemel::ingest
