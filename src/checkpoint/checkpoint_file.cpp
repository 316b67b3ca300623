#include "gemel/checkpoint/checkpoint_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <type_traits>
#include <utility>

#include "gemel/base/error.hpp"
#include "gemel/hdf5/error.hpp"
#include "gemel/mpi/agreement.hpp"
#include "gemel/mpi/environment.hpp"

namespace gemel::checkpoint {
namespace {

using base::CheckpointError;
using hdf5::Element;

const std::string format_name = "gemel-checkpoint";

// More than HDF5 needs for the structures of an empty file, of a dataset with its checksums and the groups
// above them, and of an attribute besides its value.
constexpr std::uint64_t empty_file_bytes = 128 * 1024;
constexpr std::uint64_t dataset_overhead_bytes = 4 * 1024;
constexpr std::uint64_t attribute_overhead_bytes = 512;

// Space is set aside in multiples of this, so that the ranks seldom have to agree on it.
constexpr std::uint64_t reservation_bytes = 1024 * 1024;

// How much a rank reads at once: this many blocks of about 1 MiB.
constexpr std::size_t blocks_at_once = 16;

std::string text_of(const hdf5::Shape& shape) {
  return shape.cols ? fmt::format("[{}, {}]", shape.rows, *shape.cols) : fmt::format("[{}]", shape.rows);
}

}  // namespace

CheckpointWriter::CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator)
    : path_(std::move(path)), communicator_(&communicator) {
  std::string temporary = path_.string() + temporary_mark + process_name();
  communicator.broadcast(temporary);
  temporary_ = temporary;
  create_temporary();
  attribute("/", "format", format_name);
  attribute("/", "format_version", format_version);
  attribute("/", "program_version", GEMEL_VERSION);
}

CheckpointWriter::~CheckpointWriter() {
  if (!finished_ && communicator_->is_root()) remove_temporary();
}

void CheckpointWriter::create_temporary() {
  together([&] {
    if (!communicator_->is_root()) return;
    if (std::filesystem::exists(path_)) throw CheckpointError("there is such a file already");
    std::filesystem::remove(temporary_);  // of an earlier attempt of this process
    on_root_ = OpenFile::create(temporary_);
    on_root_.reserve(0, reservation_bytes);
  });
  together([&] {
    if (std::filesystem::exists(temporary_)) return;
    throw CheckpointError(fmt::format(
        "rank {} ({}) does not see the file that rank 0 has created: the directory must be on a file "
        "system that all nodes share",
        communicator_->rank(), process_name()));
  });
  together([&] { file_.emplace(hdf5::File::create(temporary_, *communicator_)); });
  reserve(empty_file_bytes);  // from the beginning again, since creation has emptied the file
}

void CheckpointWriter::reserve(std::uint64_t bytes) {
  needed_ += bytes;
  if (needed_ <= reserved_) return;
  const std::uint64_t end = (needed_ + reservation_bytes - 1) / reservation_bytes * reservation_bytes;
  together([&] {
    require_file_size_allowed(end);
    if (communicator_->is_root()) on_root_.reserve(reserved_, end);
  });
  reserved_ = end;
}

void CheckpointWriter::together(const std::function<void()>& action) {
  base::require(!finished_, "checkpoint: a writer that has failed or committed cannot be used");
  try {
    mpi::agree(*communicator_, action);
  } catch (const mpi::AgreedError& error) {
    abandon();
    throw mpi::AgreedError(base::ExitCode::checkpoint, explain(error));
  }
}

void CheckpointWriter::abandon() {
  finished_ = true;
  try {
    if (file_) or_end_job([&] { file_->close(); });
  } catch (const hdf5::Hdf5Error&) {  // what made us give the file up is the error to report
  }
  on_root_ = {};
  if (communicator_->is_root()) remove_temporary();
}

void CheckpointWriter::or_end_job(const std::function<void()>& action) {
  try {
    action();
  } catch (const hdf5::Hdf5Error& error) {
    if (communicator_->size() == 1) throw;  // nobody waits
    remove_temporary();
    spdlog::critical("rank {}: {}", communicator_->rank(), explain(error));
    mpi::Environment::abort(static_cast<int>(base::ExitCode::checkpoint));
  }
}

void CheckpointWriter::remove_temporary() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

std::string CheckpointWriter::explain(const base::Error& error) const {
  return fmt::format(
      "cannot write the checkpoint {}: {}. Earlier checkpoints are untouched. Free space on that file "
      "system, or "
      "choose another directory with --checkpoint-dir.",
      path_.string(), error.what());
}

template <class T>
void CheckpointWriter::write_attribute(const std::string& object_path, const std::string& name,
                                       const T& value, std::size_t bytes) {
  reserve(attribute_overhead_bytes + 2 * bytes);
  together([&] { hdf5::write_attribute(*file_, object_path, name, value); });
}

void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 std::int64_t value) {
  write_attribute(object_path, name, value, sizeof(value));
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 std::uint64_t value) {
  write_attribute(object_path, name, value, sizeof(value));
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name, double value) {
  write_attribute(object_path, name, value, sizeof(value));
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 const std::string& value) {
  write_attribute(object_path, name, value, value.size());
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name, const char* value) {
  attribute(object_path, name, std::string(value));
}

void CheckpointWriter::write(const std::string& path, tensor::ConstMatrixView whole) {
  write_numbers<float>(path, whole.flat(), {whole.rows(), whole.cols()});
}
void CheckpointWriter::write(const std::string& path, std::span<const float> whole) {
  write_numbers(path, whole, {whole.size(), {}});
}
void CheckpointWriter::write(const std::string& path, std::span<const double> whole) {
  write_numbers(path, whole, {whole.size(), {}});
}
void CheckpointWriter::write(const std::string& path, std::span<const std::int64_t> whole) {
  write_numbers(path, whole, {whole.size(), {}});
}

template <class T>
void CheckpointWriter::write_numbers(const std::string& path, std::span<const T> whole,
                                     const hdf5::Shape& shape) {
  const std::size_t row_bytes = shape.values_per_row() * sizeof(T);
  write_blocks(
      path, {shape.rows, row_bytes}, whole.size_bytes(),
      [&] { return hdf5::Dataset::create(*file_, path, hdf5::element_of<T>, shape); },
      [&](const BlockRange& range) {
        return std::as_bytes(whole).subspan(range.first_row * row_bytes, range.rows * row_bytes);
      });
}

void CheckpointWriter::write(const std::string& path, std::span<const std::string> whole) {
  const std::size_t length = hdf5::longest_text(whole);
  std::string packed;
  write_blocks(
      path, {whole.size(), length}, whole.size() * length,
      [&] { return hdf5::Dataset::create_text(*file_, path, whole.size(), length); },
      [&](const BlockRange& range) {
        packed = hdf5::pack_text(whole.subspan(range.first_row, range.rows), length);
        return std::as_bytes(std::span<const char>(packed));
      });
}

void CheckpointWriter::write_blocks(const std::string& path, const ChecksumBlocks& blocks, std::size_t bytes,
                                    const std::function<hdf5::Dataset()>& create,
                                    const BytesOfRows& bytes_of_rows) {
  reserve(bytes + blocks.count() * sizeof(std::uint64_t) + dataset_overhead_bytes);
  together([&] {
    hdf5::Dataset dataset = create();
    auto checksums =
        hdf5::Dataset::create(*file_, checksum_path(path), Element::uint64, {blocks.count(), {}});
    dataset.set_transfer(hdf5::Transfer::independent);
    checksums.set_transfer(hdf5::Transfer::independent);
    // From here on every rank is on its own, so one that fails keeps no other waiting.
    const BlockRange mine = blocks.share(communicator_->rank(), communicator_->size());
    const std::span<const std::byte> rows = bytes_of_rows(mine);
    const std::vector<std::uint64_t> sums = blocks.checksums(mine, rows);
    or_end_job([&] {
      dataset.write_bytes(dataset.element(), mine.first_row, rows);
      checksums.write_rows(mine.first_block, std::span<const std::uint64_t>(sums));
    });
  });
}

void CheckpointWriter::commit() {
  attribute("/", "complete", std::int64_t{1});
  together([&] { or_end_job([&] { file_->flush(); }); });
  together([&] { or_end_job([&] { file_->close(); }); });
  together([&] {
    if (!communicator_->is_root()) return;
    on_root_.sync();
    rename_without_overwriting(temporary_, path_);
    sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
  });
  finished_ = true;
  on_root_ = {};
}

CheckpointReader::CheckpointReader(std::filesystem::path path, mpi::Communicator& communicator)
    : path_(std::move(path)), communicator_(&communicator) {
  together([&] {
    if (!std::filesystem::exists(path_)) throw CheckpointError("no such file");
    if (!std::filesystem::is_regular_file(path_)) throw CheckpointError("not a file");
    if (communicator_->is_root() && !hdf5::is_hdf5(path_)) throw CheckpointError("not an HDF5 file");
  });
  together([&] {
    try {
      file_.emplace(hdf5::File::open_read(path_, *communicator_));
    } catch (const hdf5::Hdf5Error& error) {
      throw CheckpointError(
          fmt::format("truncated or damaged, use an earlier checkpoint ({})", error.what()));
    }
  });
  together([&] { check_header(); });
}

void CheckpointReader::check_header() {
  if (!hdf5::has_attribute(*file_, "/", "format") ||
      hdf5::read_attribute<std::string>(*file_, "/", "format") != format_name) {
    throw CheckpointError("an HDF5 file, but not a checkpoint of this program");
  }
  const auto version = hdf5::read_attribute<std::int64_t>(*file_, "/", "format_version");
  if (version > format_version) {
    throw CheckpointError(
        fmt::format("has format version {}; this program ({}) reads versions up to {}: use a newer one",
                    version, GEMEL_VERSION, format_version));
  }
  if (!hdf5::has_attribute(*file_, "/", "complete") ||
      hdf5::read_attribute<std::int64_t>(*file_, "/", "complete") != 1) {
    throw CheckpointError("incomplete: its writing was interrupted. Use an earlier checkpoint");
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
    throw mpi::AgreedError(base::ExitCode::checkpoint,
                           fmt::format("checkpoint {}: {}", path_.string(), error.what()));
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
    if (!file_.value().has(path)) throw CheckpointError("has no dataset " + path);
    shape = hdf5::Dataset::open(*file_, path).shape();
  });
  return shape;
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
      throw CheckpointError(fmt::format("{} has no attribute \"{}\"", object_path, name));
    }
    value = hdf5::read_attribute<T>(*file_, object_path, name);
  });
  return value;
}
template std::int64_t CheckpointReader::attribute(const std::string&, const std::string&);
template std::uint64_t CheckpointReader::attribute(const std::string&, const std::string&);
template double CheckpointReader::attribute(const std::string&, const std::string&);
template std::string CheckpointReader::attribute(const std::string&, const std::string&);

hdf5::Dataset CheckpointReader::open(const std::string& path, Element element) {
  if (!file_.value().has(path)) throw CheckpointError("has no dataset " + path);
  auto dataset = hdf5::Dataset::open(*file_, path);
  dataset.set_transfer(hdf5::Transfer::independent);
  if (dataset.element() != element) {
    throw CheckpointError(
        fmt::format("dataset {} holds {}, not {}", path, name_of(dataset.element()), name_of(element)));
  }
  return dataset;
}

void CheckpointReader::read_share(const hdf5::Dataset& dataset, const std::string& path,
                                  const PlaceOfRows& place) {
  const ChecksumBlocks blocks(dataset.shape().rows, dataset.row_bytes());
  const BlockRange mine = blocks.share(communicator_->rank(), communicator_->size());
  const auto checksums = open(checksum_path(path), Element::uint64);
  if (checksums.shape() != hdf5::Shape{blocks.count(), {}}) {
    throw CheckpointError(fmt::format("dataset {} does not have one checksum for every block", path));
  }
  std::vector<std::uint64_t> expected(mine.blocks);
  checksums.read_rows(mine.first_block, mine.blocks, std::span(expected));
  for (std::size_t done = 0; done < mine.blocks; done += blocks_at_once) {
    const BlockRange range =
        blocks.range(mine.first_block + done, std::min(blocks_at_once, mine.blocks - done));
    const std::span<std::byte> bytes = place(range);
    dataset.read_bytes(dataset.element(), range.first_row, range.rows, bytes);
    const std::vector<std::uint64_t> found = blocks.checksums(range, bytes);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == expected[done + i]) continue;
      const BlockRange bad = blocks.range(range.first_block + i, 1);
      throw CheckpointError(fmt::format(
          "dataset {} is damaged: rows {} to {} do not have their checksum. Use an earlier checkpoint", path,
          bad.first_row, bad.first_row + bad.rows - 1));
    }
  }
}

void CheckpointReader::read_whole(const std::string& path, Element element, const PlaceOfDataset& prepare) {
  std::span<std::byte> whole;
  std::size_t row_bytes = 0;
  std::size_t rows = 0;
  together([&] {
    const auto dataset = open(path, element);
    row_bytes = dataset.row_bytes();
    rows = dataset.shape().rows;
    whole = prepare(dataset);
    read_share(dataset, path, [&](const BlockRange& range) {
      return whole.subspan(range.first_row * row_bytes, range.rows * row_bytes);
    });
  });
  const ChecksumBlocks blocks(rows, row_bytes);
  std::vector<std::size_t> counts;
  for (int rank = 0; rank < communicator_->size(); ++rank) {
    counts.push_back(blocks.share(rank, communicator_->size()).rows * row_bytes);
  }
  const BlockRange mine = blocks.share(communicator_->rank(), communicator_->size());
  const std::span<const std::byte> my_bytes =
      whole.subspan(mine.first_row * row_bytes, mine.rows * row_bytes);
  mpi::Pending pending;
  communicator_->start_all_gather(my_bytes, whole, std::span<const std::size_t>(counts), pending);
  pending.wait();
}

void CheckpointReader::read(const std::string& path, tensor::MatrixView whole) {
  read_whole(path, Element::float32, [&](const hdf5::Dataset& dataset) {
    const hdf5::Shape wanted{whole.rows(), whole.cols()};
    if (dataset.shape() != wanted) {
      throw CheckpointError(fmt::format("dataset {} has the shape {}, not {}", path, text_of(dataset.shape()),
                                        text_of(wanted)));
    }
    return std::as_writable_bytes(whole.flat());
  });
}

tensor::Matrix CheckpointReader::read_matrix(const std::string& path) {
  tensor::Matrix whole;
  read_whole(path, Element::float32, [&](const hdf5::Dataset& dataset) {
    if (!dataset.shape().cols) {
      throw CheckpointError(
          fmt::format("dataset {} has the shape {}, not two dimensions", path, text_of(dataset.shape())));
    }
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
    if (dataset.shape().cols) {
      throw CheckpointError(
          fmt::format("dataset {} has the shape {}, not one dimension", path, text_of(dataset.shape())));
    }
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
  }
  return whole;
}
template std::vector<float> CheckpointReader::read_vector(const std::string&);
template std::vector<double> CheckpointReader::read_vector(const std::string&);
template std::vector<std::int64_t> CheckpointReader::read_vector(const std::string&);
template std::vector<std::string> CheckpointReader::read_vector(const std::string&);

void CheckpointReader::verify() {
  std::vector<std::string> paths;
  together([&] { paths = file_.value().dataset_paths(); });
  std::set<std::string> without_dataset;  // what has checksums and has not been met yet
  std::erase_if(paths, [&](const std::string& path) {
    const bool is_checksums = path.starts_with(checksum_root + "/");
    if (is_checksums) without_dataset.insert(path.substr(checksum_root.size()));
    return is_checksums;
  });
  for (const std::string& path : paths) {
    std::vector<std::byte> buffer;
    together([&] {
      auto dataset = hdf5::Dataset::open(*file_, path);
      dataset.set_transfer(hdf5::Transfer::independent);
      read_share(dataset, path, [&](const BlockRange& range) {
        buffer.resize(range.rows * dataset.row_bytes());
        return std::span(buffer);
      });
    });
    without_dataset.erase(path);
  }
  together([&] {
    if (!without_dataset.empty())
      throw CheckpointError("dataset " + *without_dataset.begin() + " is missing");
  });
}

void CheckpointReader::close() {
  if (file_) file_->close();
}

}  // namespace gemel::checkpoint
