#include "checkpoint/checkpoint_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "checkpoint/long_texts.hpp"
#include "checkpoint/row_cut.hpp"
#include "gemel/version.hpp"
#include "hdf5/text_rows.hpp"
#include "mpi/agreement.hpp"

namespace gemel::checkpoint {

using hdf5::Element;

CheckpointWriter::CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                                   const FileKind& kind, bool replace)
    : CheckpointWriter(std::move(path), communicator, nullptr, kind, replace) {
  together([&] {
    if (communicator_->is_root()) file_->create();
  });
  together([&] {
    if (!communicator_->is_root()) file_->open();
  });
}

CheckpointWriter::CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                                   SnapshotMemory& memory, const FileKind& kind)
    : CheckpointWriter(std::move(path), communicator, &memory, kind, false) {
  memory.reset();
}

CheckpointWriter::CheckpointWriter(std::filesystem::path path, mpi::Communicator& communicator,
                                   SnapshotMemory* memory, const FileKind& kind, bool replace)
    : kind_(kind), communicator_(&communicator), memory_(memory) {
  std::string process = process_name();
  communicator.broadcast(process);
  file_ = std::make_unique<JointFile>(std::move(path), process, replace);
  together([&] {
    if (communicator_->is_root()) layout_.emplace(ContainerHeader::bytes);
  });
  attribute("/", "format", kind_.format);
  attribute("/", "format_version", format_version);
  attribute("/", "program_version", version());
}

CheckpointWriter::~CheckpointWriter() = default;

void CheckpointWriter::together(const std::function<void()>& action) {
  base::require(!finished_, "checkpoint: a writer that has failed or committed cannot be used");
  try {
    mpi::agree(*communicator_, action);
  } catch (const mpi::AgreedError& error) {
    finished_ = true;
    const std::filesystem::path path = file_->path();
    file_.reset();
    throw mpi::AgreedError(kind_.write_code, explain_unwritten(kind_, path, error.what()));
  }
}

void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 std::int64_t value) {
  attach(object_path, name, value);
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 std::uint64_t value) {
  attach(object_path, name, value);
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name, double value) {
  attach(object_path, name, value);
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name,
                                 const std::string& value) {
  attach(object_path, name, value);
}
void CheckpointWriter::attribute(const std::string& object_path, const std::string& name, const char* value) {
  attach(object_path, name, std::string(value));
}

void CheckpointWriter::attach(const std::string& object_path, const std::string& name,
                              const hdf5::AttributeValue& value) {
  if (!layout_ || failed_attribute_) return;
  try {
    layout_->attribute(object_path, name, value);
  } catch (...) {
    failed_attribute_ = std::current_exception();
  }
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
              [&](hdf5::Layout& layout) { return layout.add(path, hdf5::element_of<T>, shape); });
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
              [&](hdf5::Layout& layout) { return layout.add_text(path, rows, length); });
}

PlacedDataset CheckpointWriter::lay_out(const std::string& path, std::size_t blocks, const Add& add) {
  PlacedDataset place;
  together([&] {
    if (failed_attribute_) std::rethrow_exception(failed_attribute_);
    if (!layout_) return;
    place.values = add(*layout_).offset;
    place.checksums = layout_->add(checksum_path(path), Element::uint64, {blocks, {}}).offset;
  });
  communicator_->broadcast(std::span(&place, 1));
  return place;
}

void CheckpointWriter::write_piece(const std::string& path, std::size_t rows, std::size_t row_bytes,
                                   const Piece& piece, const Add& add) {
  const ChecksumBlocks blocks(rows, row_bytes);
  const RowCut cut = RowCut::gather(rows, row_bytes, piece.first, piece.count, *communicator_);
  const PlacedDataset place = lay_out(path, blocks.count(), add);
  std::vector<std::byte> missing;
  if (cut.cuts_blocks(blocks)) {
    std::span<const std::byte> head;
    together([&] { head = piece.bytes(0, cut.head_rows(communicator_->rank(), blocks)); });
    missing = cut.send_heads(blocks, row_bytes, head, *communicator_);
  }
  together([&] { take_blocks(place, blocks, row_bytes, piece, missing); });
}

void CheckpointWriter::take_blocks(const PlacedDataset& place, const ChecksumBlocks& blocks,
                                   std::size_t row_bytes, const Piece& piece,
                                   std::span<const std::byte> missing) {
  const BlockRange mine = blocks.beginning_in(piece.first, piece.first + piece.count);
  const auto take = [&](const BlockRange& range, std::span<const std::byte> rows) {
    OwnBlocks own{place, blocks, range, row_bytes, rows};
    if (memory_ == nullptr) return own.write(file_->file(), sums_);
    const std::span<std::byte> kept = memory_->take(rows.size());
    std::ranges::copy(rows, kept.begin());
    own.bytes = kept;
    kept_.push_back(own);
  };
  const std::size_t whole = mine.blocks - (missing.empty() ? 0 : 1);
  for (std::size_t done = 0; done < whole; done += blocks_at_once) {
    const BlockRange range = blocks.range(mine.first_block + done, std::min(blocks_at_once, whole - done));
    take(range, piece.bytes(range.first_row - piece.first, range.rows));
  }
  if (missing.empty()) return;
  const BlockRange last = blocks.range(mine.first_block + whole, 1);
  const std::size_t row = last.first_row - piece.first;
  const std::span<const std::byte> present = piece.bytes(row, piece.count - row);
  std::vector<std::byte> block(present.begin(), present.end());
  block.insert(block.end(), missing.begin(), missing.end());
  take(last, block);
}

Ending CheckpointWriter::end() {
  attribute("/", "complete", std::int64_t{1});
  Ending ending;
  together([&] {
    if (failed_attribute_) std::rethrow_exception(failed_attribute_);
    if (layout_) ending = ending_of(*layout_);
  });
  return ending;
}

std::uint64_t CheckpointWriter::commit() {
  Ending ending = end();
  together([&] { file_->finish_writing(); });
  const auto sums = communicator_->all_gather_varying(std::span<const PlacedSum>(sums_));
  together([&] {
    if (!communicator_->is_root()) return;
    complete(ending, sums);
    file_->commit(ending.extents);
  });
  finished_ = true;
  std::uint64_t bytes = ending.file_bytes;
  communicator_->broadcast(std::span(&bytes, 1));
  return bytes;
}

std::unique_ptr<BackgroundWrite> CheckpointWriter::start() {
  Ending ending = end();
  finished_ = true;
  return std::make_unique<BackgroundWrite>(std::move(file_), kind_, std::move(ending), std::move(kept_),
                                           *communicator_);
}

}  // namespace gemel::checkpoint
