#include "checkpoint/checkpoint_writer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/long_texts.hpp"
#include "checkpoint/row_cut.hpp"
#include "gemel/version.hpp"
#include "hdf5/error.hpp"
#include "mpi/agreement.hpp"
#include "mpi/environment.hpp"

namespace gemel::checkpoint {
namespace {

using base::CheckpointError;
using hdf5::Element;

// More than HDF5 needs for the structures of an empty file, of a dataset with its checksums and the groups
// above them, and of an attribute besides its value.
constexpr std::uint64_t empty_file_bytes = 128 * 1024;
constexpr std::uint64_t dataset_overhead_bytes = 4 * 1024;
constexpr std::uint64_t attribute_overhead_bytes = 512;

// Space is set aside in multiples of this, so that the ranks seldom have to agree on it.
constexpr std::uint64_t reservation_bytes = 1024 * 1024;

}  // namespace

CheckpointWriter::CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                                   const FileKind& kind, bool replace)
    : kind_(kind), path_(std::move(path)), replace_(replace), communicator_(&communicator) {
  std::string temporary = path_.string() + temporary_mark + process_name();
  communicator.broadcast(temporary);
  temporary_ = temporary;
  create_temporary();
  attribute("/", "format", kind_.format);
  attribute("/", "format_version", format_version);
  attribute("/", "program_version", version());
}

CheckpointWriter::~CheckpointWriter() {
  if (!finished_ && communicator_->is_root()) remove_temporary();
}

void CheckpointWriter::create_temporary() {
  together([&] {
    if (!communicator_->is_root()) return;
    if (!replace_ && std::filesystem::exists(path_)) throw CheckpointError("there is such a file already");
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
    throw mpi::AgreedError(kind_.write_code, explain(error));
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
    mpi::Environment::abort(static_cast<int>(kind_.write_code));
  }
}

void CheckpointWriter::remove_temporary() {
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

std::string CheckpointWriter::explain(const base::Error& error) const {
  return fmt::format("cannot write the {} {}: {}. {}", kind_.noun, path_.string(), error.what(),
                     kind_.when_unwritten);
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
  write_whole(path, whole.flat(), {whole.rows(), whole.cols()});
}
void CheckpointWriter::write(const std::string& path, std::span<const float> whole) {
  write_whole(path, whole, {whole.size(), {}});
}
void CheckpointWriter::write(const std::string& path, std::span<const double> whole) {
  write_whole(path, whole, {whole.size(), {}});
}
void CheckpointWriter::write(const std::string& path, std::span<const std::int64_t> whole) {
  write_whole(path, whole, {whole.size(), {}});
}
void CheckpointWriter::write(const std::string& path, std::span<const std::uint64_t> whole) {
  write_whole(path, whole, {whole.size(), {}});
}

template <class T>
void CheckpointWriter::write_whole(const std::string& path, std::span<const T> whole,
                                   const hdf5::Shape& shape) {
  const std::size_t cols = shape.values_per_row();
  const BlockRange mine =
      ChecksumBlocks(shape.rows, cols * sizeof(T)).share(communicator_->rank(), communicator_->size());
  write_numbers(path, shape, mine.first_row, mine.rows,
                whole.subspan(mine.first_row * cols, mine.rows * cols));
}

void CheckpointWriter::write(const std::string& path, std::span<const std::string> whole) {
  const ChecksumBlocks blocks(whole.size(), hdf5::longest_text(whole));
  const BlockRange mine = blocks.share(communicator_->rank(), communicator_->size());
  write_rows(path, whole.size(), mine.first_row, whole.subspan(mine.first_row, mine.rows));
}

void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  tensor::ConstMatrixView own) {
  write_numbers(path, {rows, own.cols()}, first, own.rows(), own.flat());
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const float> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const double> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const std::uint8_t> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const std::int32_t> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const std::int64_t> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}
void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const std::uint64_t> own) {
  write_numbers(path, {rows, {}}, first, own.size(), own);
}

template <class T>
void CheckpointWriter::write_numbers(const std::string& path, const hdf5::Shape& shape, std::size_t first,
                                     std::size_t count, std::span<const T> own) {
  const std::size_t row_bytes = shape.values_per_row() * sizeof(T);
  const auto bytes = [&](std::size_t row, std::size_t rows) {
    return std::as_bytes(own).subspan(row * row_bytes, rows * row_bytes);
  };
  write_piece(path, shape.rows, row_bytes, {first, count, bytes},
              [&] { return hdf5::Dataset::create(*file_, path, hdf5::element_of<T>, shape); });
}

void CheckpointWriter::write_rows(const std::string& path, std::size_t rows, std::size_t first,
                                  std::span<const std::string> own) {
  const std::size_t width = text_width(own, rows, *communicator_);
  const auto own_longest = static_cast<std::int64_t>(hdf5::longest_text(own));
  if (static_cast<std::size_t>(communicator_->max(own_longest)) <= width)
    return write_texts(path, rows, first, own, width);
  const CutTexts cut = cut_texts(own, static_cast<std::int64_t>(first), width);
  const auto own_rest = static_cast<std::int64_t>(cut.rest.size());
  const auto rest = static_cast<std::size_t>(communicator_->sum(own_rest));
  const auto first_rest = static_cast<std::size_t>(communicator_->sum_before(own_rest));
  write_texts(path, rows, first, cut.beginnings, width);
  write_texts(rest_path(path), rest, first_rest, cut.rest, width);
  write_rows(rest_row_path(path), rest, first_rest, std::span<const std::int64_t>(cut.rest_rows));
}

void CheckpointWriter::write_texts(const std::string& path, std::size_t rows, std::size_t first,
                                   std::span<const std::string> own, std::size_t length) {
  std::string packed;
  const auto bytes = [&](std::size_t row, std::size_t count) {
    packed = hdf5::pack_text(own.subspan(row, count), length);
    return std::as_bytes(std::span<const char>(packed));
  };
  write_piece(path, rows, length, {first, own.size(), bytes},
              [&] { return hdf5::Dataset::create_text(*file_, path, rows, length); });
}

void CheckpointWriter::write_piece(const std::string& path, std::size_t rows, std::size_t row_bytes,
                                   const Piece& piece, const std::function<hdf5::Dataset()>& create) {
  const ChecksumBlocks blocks(rows, row_bytes);
  const RowCut cut = RowCut::gather(rows, row_bytes, piece.first, piece.count, *communicator_);
  reserve(rows * row_bytes + blocks.count() * sizeof(std::uint64_t) + dataset_overhead_bytes);
  std::vector<std::byte> missing;
  if (cut.cuts_blocks(blocks)) {
    std::span<const std::byte> head;
    together([&] { head = piece.bytes(0, cut.head_rows(communicator_->rank(), blocks)); });
    missing = cut.send_heads(blocks, row_bytes, head, *communicator_);
  }
  together([&] {
    hdf5::Dataset dataset = create();
    auto checksums =
        hdf5::Dataset::create(*file_, checksum_path(path), Element::uint64, {blocks.count(), {}});
    dataset.set_transfer(hdf5::Transfer::independent);
    checksums.set_transfer(hdf5::Transfer::independent);
    // From here on every rank is on its own, so one that fails keeps no other waiting.
    write_blocks(blocks, piece, missing, dataset, checksums);
  });
}

void CheckpointWriter::write_blocks(const ChecksumBlocks& blocks, const Piece& piece,
                                    std::span<const std::byte> missing, hdf5::Dataset& dataset,
                                    hdf5::Dataset& checksums) {
  const BlockRange mine = blocks.beginning_in(piece.first, piece.first + piece.count);
  const auto write = [&](const BlockRange& range, std::span<const std::byte> rows) {
    const std::vector<std::uint64_t> sums = blocks.checksums(range, rows);
    or_end_job([&] {
      dataset.write_bytes(dataset.element(), range.first_row, rows);
      checksums.write_rows(range.first_block, std::span<const std::uint64_t>(sums));
    });
  };
  const std::size_t whole = mine.blocks - (missing.empty() ? 0 : 1);
  for (std::size_t done = 0; done < whole; done += blocks_at_once) {
    const BlockRange range = blocks.range(mine.first_block + done, std::min(blocks_at_once, whole - done));
    write(range, piece.bytes(range.first_row - piece.first, range.rows));
  }
  if (missing.empty()) return;
  const BlockRange last = blocks.range(mine.first_block + whole, 1);
  const std::size_t row = last.first_row - piece.first;
  const std::span<const std::byte> present = piece.bytes(row, piece.count - row);
  std::vector<std::byte> block(present.begin(), present.end());
  block.insert(block.end(), missing.begin(), missing.end());
  write(last, block);
}

void CheckpointWriter::commit() {
  attribute("/", "complete", std::int64_t{1});
  together([&] { or_end_job([&] { file_->flush(); }); });
  together([&] { or_end_job([&] { file_->close(); }); });
  together([&] {
    if (!communicator_->is_root()) return;
    on_root_.sync();
    if (replace_) {
      rename_replacing(temporary_, path_);
    } else {
      rename_without_overwriting(temporary_, path_);
    }
    sync_directory(path_.has_parent_path() ? path_.parent_path() : ".");
  });
  finished_ = true;
  on_root_ = {};
}

}  // namespace gemel::checkpoint
