#include "checkpoint/checkpoint_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/long_texts.hpp"
#include "gemel/version.hpp"
#include "hdf5/error.hpp"
#include "mpi/agreement.hpp"
#include "tensor/arithmetic.hpp"

namespace gemel::checkpoint {
namespace {

using base::CheckpointError;
using hdf5::Element;

std::string text_of(const hdf5::Shape& shape) {
  return shape.cols ? fmt::format("[{}, {}]", shape.rows, *shape.cols) : fmt::format("[{}]", shape.rows);
}

bool has_prefix(const std::string& path, std::span<const std::string> prefixes) {
  return std::ranges::any_of(prefixes, [&](const std::string& prefix) { return path.starts_with(prefix); });
}

/// `bytes` are floats: the rows of `range`, from the start of a buffer.
void require_finite(const std::string& path, const BlockRange& range, std::span<const std::byte> bytes,
                    const FileKind& kind) {
  const std::span values(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float));
  if (tensor::all_finite(values)) return;
  throw CheckpointError(
      fmt::format("dataset {} has values among its rows {} to {} that are no finite numbers: the training "
                  "had diverged. {}",
                  path, range.first_row, range.first_row + range.rows - 1, kind.when_damaged));
}

}  // namespace

CheckpointReader::CheckpointReader(std::filesystem::path path, mpi::Communicator& communicator,
                                   const FileKind& kind)
    : kind_(kind), path_(std::move(path)), communicator_(&communicator) {
  together([&] {
    if (!std::filesystem::exists(path_))
      throw CheckpointError(fmt::format("no such file. {}", kind_.when_other_file));
    if (!std::filesystem::is_regular_file(path_))
      throw CheckpointError(fmt::format("not a file. {}", kind_.when_other_file));
    if (communicator_->is_root() && !hdf5::is_hdf5(path_)) {
      throw CheckpointError(fmt::format("not an HDF5 file. {}", kind_.when_other_file));
    }
  });
  together([&] {
    try {
      file_.emplace(hdf5::File::open_read(path_, *communicator_));
    } catch (const hdf5::Hdf5Error& error) {
      throw CheckpointError(fmt::format("truncated or damaged ({}). {}", error.what(), kind_.when_damaged));
    }
  });
  together([&] { check_header(); });
}

void CheckpointReader::check_header() {
  if (!hdf5::has_attribute(*file_, "/", "format") ||
      hdf5::read_attribute<std::string>(*file_, "/", "format") != kind_.format) {
    throw CheckpointError(
        fmt::format("an HDF5 file, but not a {} of this program. {}", kind_.noun, kind_.when_other_file));
  }
  const auto version = hdf5::read_attribute<std::int64_t>(*file_, "/", "format_version");
  if (version > format_version) {
    throw CheckpointError(
        fmt::format("has format version {}; this program ({}) reads versions up to {}: use a newer one",
                    version, gemel::version(), format_version));
  }
  if (!hdf5::has_attribute(*file_, "/", "complete") ||
      hdf5::read_attribute<std::int64_t>(*file_, "/", "complete") != 1) {
    throw CheckpointError(fmt::format("incomplete: its writing was interrupted. {}", kind_.when_damaged));
  }
}

void CheckpointReader::together(const std::function<void()>& action) {
  try {
    mpi::agree(*communicator_, action);
  } catch (const mpi::AgreedError& error) {
    try {
      close();
    } catch (const base::Error&) {  // the first error is the one to report
    }
    throw mpi::AgreedError(kind_.read_code,
                           fmt::format("{} {}: {}", kind_.noun, path_.string(), error.what()));
  }
}

bool CheckpointReader::has(const std::string& object_path) {
  bool found = false;
  together([&] { found = file_.value().has(object_path); });
  return found;
}

hdf5::Shape CheckpointReader::shape(const std::string& path) {
  hdf5::Shape shape;
  together([&] {
    if (!file_.value().has(path)) refuse_missing(path);
    shape = hdf5::Dataset::open(*file_, path).shape();
  });
  return shape;
}

std::vector<DatasetInfo> CheckpointReader::datasets() {
  std::vector<DatasetInfo> found;
  together([&] {
    for (const std::string& path : file_.value().dataset_paths()) {
      if (path.starts_with(checksum_root + "/")) continue;
      const auto dataset = hdf5::Dataset::open(*file_, path);
      found.push_back({path, dataset.element(), dataset.shape(), dataset.row_bytes()});
    }
  });
  return found;
}

bool CheckpointReader::has_attribute(const std::string& object_path, const std::string& name) {
  bool found = false;
  together([&] { found = hdf5::has_attribute(file_.value(), object_path, name); });
  return found;
}

template <hdf5::AttributeValue T>
T CheckpointReader::attribute(const std::string& object_path, const std::string& name) {
  T value{};
  together([&] {
    if (!hdf5::has_attribute(file_.value(), object_path, name)) {
      throw CheckpointError(
          fmt::format("{} has no attribute \"{}\". {}", object_path, name, kind_.when_unfit));
    }
    value = hdf5::read_attribute<T>(*file_, object_path, name);
  });
  return value;
}
template std::int64_t CheckpointReader::attribute(const std::string&, const std::string&);
template std::uint64_t CheckpointReader::attribute(const std::string&, const std::string&);
template double CheckpointReader::attribute(const std::string&, const std::string&);
template std::string CheckpointReader::attribute(const std::string&, const std::string&);

CheckpointReader::OpenDataset CheckpointReader::open(const std::string& path,
                                                     std::optional<Element> element) {
  if (!file_.value().has(path)) refuse_missing(path);
  auto data = hdf5::Dataset::open(*file_, path);
  if (element && data.element() != *element) {
    throw CheckpointError(fmt::format("dataset {} holds {}, not {}. {}", path, name_of(data.element()),
                                      name_of(*element), kind_.when_unfit));
  }
  const std::string sums_path = checksum_path(path);
  if (!file_->has(sums_path)) {
    throw CheckpointError(fmt::format("damaged: has no dataset {}. {}", sums_path, kind_.when_damaged));
  }
  auto checksums = hdf5::Dataset::open(*file_, sums_path);
  const ChecksumBlocks blocks(data.shape().rows, data.row_bytes());
  if (checksums.element() != Element::uint64 || checksums.shape() != hdf5::Shape{blocks.count(), {}}) {
    throw CheckpointError(
        fmt::format("dataset {} is damaged: it does not have one checksum for every block. {}", path,
                    kind_.when_damaged));
  }
  data.set_transfer(hdf5::Transfer::independent);
  checksums.set_transfer(hdf5::Transfer::independent);
  return {std::move(data), std::move(checksums), blocks};
}

void CheckpointReader::read_blocks(const OpenDataset& dataset, const std::string& path,
                                   const BlockRange& range, const TakeBlocks& take,
                                   const PlaceOfBlocks& place) const {
  const auto& [data, checksums, blocks] = dataset;
  std::vector<std::uint64_t> expected(range.blocks);
  checksums.read_rows(range.first_block, range.blocks, std::span(expected));
  std::vector<std::byte> buffer;
  for (std::size_t done = 0; done < range.blocks; done += blocks_at_once) {
    const BlockRange part =
        blocks.range(range.first_block + done, std::min(blocks_at_once, range.blocks - done));
    std::span<std::byte> bytes = place ? place(part) : std::span<std::byte>();
    if (bytes.empty()) {
      buffer.resize(part.rows * data.row_bytes());
      bytes = buffer;
    }
    data.read_bytes(data.element(), part.first_row, part.rows, bytes);
    const std::vector<std::uint64_t> found = blocks.checksums(part, bytes);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == expected[done + i]) continue;
      const BlockRange bad = blocks.range(part.first_block + i, 1);
      throw CheckpointError(fmt::format("dataset {} is damaged: rows {} to {} do not have their checksum. {}",
                                        path, bad.first_row, bad.first_row + bad.rows - 1,
                                        kind_.when_damaged));
    }
    take(part, bytes);
  }
}

void CheckpointReader::read_whole(
    const std::string& path, Element element,
    const std::function<std::span<std::byte>(const hdf5::Dataset& dataset)>& prepare) {
  std::span<std::byte> whole;
  std::size_t row_bytes = 0;
  std::size_t rows = 0;
  const int rank = communicator_->rank();
  together([&] {
    const OpenDataset dataset = open(path, element);
    row_bytes = dataset.data.row_bytes();
    rows = dataset.data.shape().rows;
    whole = prepare(dataset.data);
    const BlockRange mine = dataset.blocks.share(rank, communicator_->size());
    read_blocks(
        dataset, path, mine, [](const BlockRange&, std::span<const std::byte>) {},
        [&](const BlockRange& range) {
          return whole.subspan(range.first_row * row_bytes, range.rows * row_bytes);
        });
  });
  const ChecksumBlocks blocks(rows, row_bytes);
  std::vector<std::size_t> counts;
  for (int other = 0; other < communicator_->size(); ++other) {
    counts.push_back(blocks.share(other, communicator_->size()).rows * row_bytes);
  }
  const BlockRange mine = blocks.share(rank, communicator_->size());
  const std::span<const std::byte> my_bytes =
      whole.subspan(mine.first_row * row_bytes, mine.rows * row_bytes);
  mpi::Pending pending;
  communicator_->start_all_gather(my_bytes, whole, std::span<const std::size_t>(counts), pending);
  pending.wait();
}

void CheckpointReader::read(const std::string& path, tensor::MatrixView whole) {
  read_whole(path, Element::float32, [&](const hdf5::Dataset& dataset) {
    const hdf5::Shape wanted{whole.rows(), whole.cols()};
    if (dataset.shape() != wanted) refuse_shape(path, dataset.shape(), text_of(wanted));
    return std::as_writable_bytes(whole.flat());
  });
}

tensor::Matrix CheckpointReader::read_matrix(const std::string& path) {
  tensor::Matrix whole;
  read_whole(path, Element::float32, [&](const hdf5::Dataset& dataset) {
    if (!dataset.shape().cols) refuse_shape(path, dataset.shape(), "two dimensions");
    whole.resize(dataset.shape().rows, *dataset.shape().cols);
    return std::as_writable_bytes(whole.view().flat());
  });
  return whole;
}

template <class T>
std::vector<T> CheckpointReader::read_vector(const std::string& path) {
  std::vector<T> whole;
  std::string packed;
  read_whole(path, hdf5::element_of<T>, [&](const hdf5::Dataset& dataset) {
    require_vector(path, dataset.shape());
    whole.resize(dataset.shape().rows);
    if constexpr (std::is_same_v<T, std::string>) {
      packed.resize(whole.size() * dataset.row_bytes());
      return std::as_writable_bytes(std::span(packed));
    } else {
      return std::as_writable_bytes(std::span(whole));
    }
  });
  if constexpr (std::is_same_v<T, std::string>) {
    if (!whole.empty()) hdf5::unpack_text(packed, packed.size() / whole.size(), std::span(whole));
    append_rest(path, 0, whole);
  }
  return whole;
}
template std::vector<float> CheckpointReader::read_vector(const std::string&);
template std::vector<double> CheckpointReader::read_vector(const std::string&);
template std::vector<std::int64_t> CheckpointReader::read_vector(const std::string&);
template std::vector<std::uint64_t> CheckpointReader::read_vector(const std::string&);
template std::vector<std::string> CheckpointReader::read_vector(const std::string&);

void CheckpointReader::read_range(const std::string& path, std::optional<Element> element, std::size_t first,
                                  std::size_t count, const Prepare& prepare, const TakeRows& take,
                                  const PlaceOfBlocks& place) {
  together([&] {
    const OpenDataset dataset = open(path, element);
    prepare(dataset.data);
    require_rows(path, dataset.data.shape(), first, count);
    const std::size_t row_bytes = dataset.data.row_bytes();
    const BlockRange mine = dataset.blocks.covering(first, count);
    const auto take_own = [&](const BlockRange& range, std::span<const std::byte> bytes) {
      const std::size_t begin = std::max(first, range.first_row);
      const std::size_t end = std::min(first + count, range.first_row + range.rows);
      take(begin - first, bytes.subspan((begin - range.first_row) * row_bytes, (end - begin) * row_bytes));
    };
    read_blocks(dataset, path, mine, take_own, place);
  });
}

template <class T>
void CheckpointReader::read_numbers(const std::string& path, std::size_t first, std::size_t count,
                                    std::optional<std::size_t> cols, std::span<T> own) {
  const auto prepare = [&](const hdf5::Dataset& dataset) {
    const hdf5::Shape wanted{dataset.shape().rows, cols};
    if (dataset.shape() != wanted) refuse_shape(path, dataset.shape(), text_of(wanted));
  };
  const std::size_t row_bytes = cols.value_or(1) * sizeof(T);
  const std::span<std::byte> own_bytes = std::as_writable_bytes(own);
  const auto take = [&](std::size_t row, std::span<const std::byte> bytes) {
    const auto to = own_bytes.subspan(row * row_bytes, bytes.size());
    if (to.data() != bytes.data()) std::ranges::copy(bytes, to.begin());
  };
  const auto place = [&](const BlockRange& range) {
    const bool are_own = range.first_row >= first && range.first_row + range.rows <= first + count;
    return are_own ? own_bytes.subspan((range.first_row - first) * row_bytes, range.rows * row_bytes)
                   : std::span<std::byte>();
  };
  read_range(path, hdf5::element_of<T>, first, count, prepare, take, place);
}

void CheckpointReader::read_rows(const std::string& path, std::size_t first, tensor::MatrixView own) {
  read_numbers(path, first, own.rows(), own.cols(), own.flat());
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<float> own) {
  read_numbers(path, first, own.size(), {}, own);
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<double> own) {
  read_numbers(path, first, own.size(), {}, own);
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<std::uint8_t> own) {
  read_numbers(path, first, own.size(), {}, own);
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<std::int32_t> own) {
  read_numbers(path, first, own.size(), {}, own);
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<std::int64_t> own) {
  read_numbers(path, first, own.size(), {}, own);
}
void CheckpointReader::read_rows(const std::string& path, std::size_t first, std::span<std::uint64_t> own) {
  read_numbers(path, first, own.size(), {}, own);
}

std::vector<std::byte> CheckpointReader::read_bytes(const std::string& path, std::size_t first,
                                                    std::size_t count) {
  std::vector<std::byte> own;
  std::size_t row_bytes = 0;
  const auto prepare = [&](const hdf5::Dataset& dataset) { row_bytes = dataset.row_bytes(); };
  read_range(path, {}, first, count, prepare, [&](std::size_t row, std::span<const std::byte> bytes) {
    own.resize(count * row_bytes);
    std::ranges::copy(bytes, own.begin() + static_cast<std::ptrdiff_t>(row * row_bytes));
  });
  return own;
}

std::vector<std::string> CheckpointReader::read_strings(const std::string& path, std::size_t first,
                                                        std::size_t count) {
  std::vector<std::string> own;
  std::size_t length = 0;
  const auto prepare = [&](const hdf5::Dataset& dataset) {
    require_vector(path, dataset.shape());
    length = dataset.row_bytes();
  };
  read_range(path, Element::text, first, count, prepare,
             [&](std::size_t row, std::span<const std::byte> bytes) {
               own.resize(count);
               const std::string_view packed(reinterpret_cast<const char*>(bytes.data()), bytes.size());
               hdf5::unpack_text(packed, length, std::span(own).subspan(row, packed.size() / length));
             });
  append_rest(path, first, own);
  return own;
}

void CheckpointReader::append_rest(const std::string& path, std::size_t first, std::span<std::string> own) {
  if (!has(rest_path(path))) return;
  const std::size_t rows = shape(path).rows;
  const auto rest_rows = read_vector<std::int64_t>(rest_row_path(path));
  together([&] {
    if (std::ranges::is_sorted(rest_rows) && (rest_rows.empty() || rest_rows.front() >= 0) &&
        (rest_rows.empty() || static_cast<std::size_t>(rest_rows.back()) < rows))
      return;
    throw CheckpointError(fmt::format("damaged: dataset {} names rows that {} has not. {}",
                                      rest_row_path(path), path, kind_.when_damaged));
  });
  const auto piece_of = [&](std::size_t row) {
    const auto begin = std::ranges::lower_bound(rest_rows, static_cast<std::int64_t>(row));
    return static_cast<std::size_t>(begin - rest_rows.begin());
  };
  const std::size_t begin = piece_of(first);
  const std::size_t end = piece_of(first + own.size());
  const std::vector<std::string> rest = read_strings(rest_path(path), begin, end - begin);
  for (std::size_t i = 0; i < rest.size(); ++i)
    own[static_cast<std::size_t>(rest_rows[begin + i]) - first] += rest[i];
}

void CheckpointReader::verify(std::span<const std::string> finite) {
  std::vector<std::string> paths;
  together([&] { paths = file_.value().dataset_paths(); });
  std::set<std::string> without_dataset;  // what has checksums and has not been met yet
  std::erase_if(paths, [&](const std::string& path) {
    const bool is_checksums = path.starts_with(checksum_root + "/");
    if (is_checksums) without_dataset.insert(path.substr(checksum_root.size()));
    return is_checksums;
  });
  for (const std::string& path : paths) {
    together([&] {
      const OpenDataset dataset = open(path, {});
      const BlockRange mine = dataset.blocks.share(communicator_->rank(), communicator_->size());
      const bool must_be_finite = dataset.data.element() == Element::float32 && has_prefix(path, finite);
      read_blocks(dataset, path, mine, [&](const BlockRange& range, std::span<const std::byte> bytes) {
        if (must_be_finite) require_finite(path, range, bytes, kind_);
      });
    });
    without_dataset.erase(path);
  }
  together([&] {
    if (without_dataset.empty()) return;
    throw CheckpointError(
        fmt::format("damaged: dataset {} is missing. {}", *without_dataset.begin(), kind_.when_damaged));
  });
}

void CheckpointReader::refuse_shape(const std::string& path, const hdf5::Shape& shape,
                                    std::string_view wanted) const {
  throw CheckpointError(
      fmt::format("dataset {} has the shape {}, not {}. {}", path, text_of(shape), wanted, kind_.when_unfit));
}

void CheckpointReader::require_vector(const std::string& path, const hdf5::Shape& shape) const {
  if (shape.cols) refuse_shape(path, shape, "one dimension");
}

void CheckpointReader::require_rows(const std::string& path, const hdf5::Shape& shape, std::size_t first,
                                    std::size_t count) const {
  if (first <= shape.rows && count <= shape.rows - first) return;
  throw CheckpointError(fmt::format("dataset {} has the shape {}: there are no {} rows from row {} on. {}",
                                    path, text_of(shape), count, first, kind_.when_unfit));
}

void CheckpointReader::refuse_missing(const std::string& path) const {
  throw CheckpointError(fmt::format("has no dataset {}. {}", path, kind_.when_unfit));
}

void CheckpointReader::refuse(const std::string& what) {
  close();
  throw mpi::AgreedError(kind_.read_code, fmt::format("{}: {}", path_.string(), what));
}

void CheckpointReader::close() {
  if (file_) file_->close();
}

std::string without_advice(const std::string& message) {
  std::size_t end = message.size();
  const FileKind& kind = checkpoint_file();
  for (const std::string_view advice : {kind.when_damaged, kind.when_other_file, kind.when_unfit})
    end = std::min(end, message.find(fmt::format(". {}", advice)));
  return message.substr(0, end);
}

}  // namespace gemel::checkpoint
