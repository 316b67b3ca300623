#include "checkpoint/proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "checkpoint/checksum_blocks.hpp"
#include "checkpoint/file_fault.hpp"
#include "checkpoint/name_pattern.hpp"
#include "gemel/version.hpp"
#include "hdf5/error.hpp"
#include "hdf5/examination.hpp"

namespace gemel::checkpoint {
namespace {

using hdf5::Contents;
using hdf5::StoredDataset;

constexpr std::uint64_t most_contents = std::uint64_t{64} << 20;
constexpr std::size_t longest_path = 4096;
constexpr std::size_t signature_bytes = 8;

[[noreturn]] void refuse_damaged(const FileKind& kind, const std::string& what) {
  throw FaultFound(FileFault::damaged, fmt::format("damaged: {}. {}", what, kind.when_damaged));
}

[[noreturn]] void refuse_foreign(const FileKind& kind, const std::string& what) {
  throw FaultFound(FileFault::foreign, fmt::format("{}. {}", what, kind.when_other_file));
}

[[noreturn]] void refuse_newer(const std::string& what) {
  throw FaultFound(FileFault::newer,
                   fmt::format("{}; this program ({}) reads versions up to {}: use a newer one", what,
                               gemel::version(), format_version));
}

std::vector<std::byte> read(const OpenFile& file, std::uint64_t offset, std::uint64_t count) {
  std::vector<std::byte> bytes(count);
  file.read_at(offset, bytes);
  return bytes;
}

/// Whether count * size is at most `most`, where that product may be too large for any number.
bool is_at_most(std::uint64_t count, std::uint64_t size, std::uint64_t most) {
  return count == 0 || size <= most / count;
}

/// That the values of a dataset can be as many as it says, and lie in the file.
void require_sizes(const StoredDataset& dataset, std::uint64_t begin, std::uint64_t end,
                   const FileKind& kind) {
  const std::uint64_t room = end - begin;
  const std::uint64_t cols = dataset.shape.values_per_row();
  const std::uint64_t width = hdf5::bytes_of(dataset.element);
  const bool is_wide_as_its_type = width > 0 ? dataset.value_bytes == width : dataset.value_bytes > 0;
  // Rows without columns take no room, and neither do columns without rows.
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const bool has_room = dataset.shape.rows <= most && cols <= most &&
                        is_at_most(cols, dataset.value_bytes, room) &&
                        is_at_most(dataset.shape.rows, cols * dataset.value_bytes, room);
  if (!is_wide_as_its_type || !has_room)
    refuse_damaged(kind, fmt::format("dataset {} is larger than the file", dataset.path));
  if (dataset.bytes() == 0) return;
  if (dataset.offset < begin || dataset.offset > end || dataset.bytes() > end - dataset.offset)
    refuse_damaged(kind, fmt::format("the values of dataset {} are not in the file", dataset.path));
}

void require_allowed(const StoredDataset& dataset, const FileKind& kind) {
  const std::string& path = dataset.path;
  if (path.size() > longest_path) refuse_damaged(kind, "a name in it is too long");
  if (is_checksums(path)) return;  // they are looked at with what they are of
  const auto allowed = std::ranges::find_if(
      kind.datasets, [&](const AllowedDatasets& candidate) { return fits(path, candidate.pattern); });
  const auto refuse = [&](const std::string& what) {
    throw FaultFound(FileFault::unfit, fmt::format("dataset {} {}. {}", path, what, kind.when_unfit));
  };
  if (allowed == kind.datasets.end()) refuse(fmt::format("is none that a file of {} has", kind.noun));
  if (std::ranges::count(allowed->elements, dataset.element) == 0)
    refuse(fmt::format("holds {}, not {}", name_of(dataset.element), name_of(allowed->elements.front())));
  const int dimensions = dataset.shape.cols ? 2 : 1;
  if (allowed->dimensions != 0 && dimensions != allowed->dimensions)
    refuse(fmt::format("has {} dimensions, not {}", dimensions, allowed->dimensions));
  if (dataset.bytes() > allowed->most_bytes)
    refuse(fmt::format("has {} bytes, more than {}", dataset.bytes(), allowed->most_bytes));
}

/// That each dataset has a checksum for every block, and no checksums are of something else.
void require_checksums(const Contents& contents, const FileKind& kind) {
  std::map<std::string, const StoredDataset*> unmet;  // checksums by the path of what they are of
  for (const StoredDataset& dataset : contents.datasets)
    if (is_checksums(dataset.path)) unmet[dataset.path.substr(checksum_root.size())] = &dataset;
  for (const StoredDataset& dataset : contents.datasets) {
    if (is_checksums(dataset.path)) continue;
    const auto found = unmet.find(dataset.path);
    if (found == unmet.end())
      refuse_damaged(kind, fmt::format("has no dataset {}", checksum_path(dataset.path)));
    const StoredDataset* sums = found->second;
    const ChecksumBlocks blocks(dataset.shape.rows, dataset.row_bytes());
    if (sums->element != hdf5::Element::uint64 || sums->shape != hdf5::Shape{blocks.count(), {}})
      refuse_damaged(kind,
                     fmt::format("dataset {} does not have one checksum for every block", dataset.path));
    unmet.erase(found);
  }
  if (!unmet.empty()) refuse_damaged(kind, fmt::format("dataset {} is missing", unmet.begin()->first));
}

std::vector<StoredDataset> in_order_of_places(const Contents& contents) {
  std::vector<StoredDataset> datasets;
  for (const StoredDataset& dataset : contents.datasets)
    if (dataset.bytes() > 0) datasets.push_back(dataset);
  std::ranges::sort(datasets, {}, &StoredDataset::offset);
  return datasets;
}

void require_apart(const Contents& contents, const FileKind& kind) {
  std::set<std::string> names;
  for (const StoredDataset& dataset : contents.datasets) {
    if (!names.insert(dataset.path).second)
      refuse_damaged(kind, fmt::format("dataset {} is there twice", dataset.path));
  }
  const std::vector<StoredDataset> datasets = in_order_of_places(contents);
  for (std::size_t i = 1; i < datasets.size(); ++i) {
    if (datasets[i].offset < datasets[i - 1].offset + datasets[i - 1].bytes())
      refuse_damaged(kind, fmt::format("datasets {} and {} overlap", datasets[i - 1].path, datasets[i].path));
  }
}

/// What the attributes of the file say of it.
void require_kind(const Contents& contents, const FileKind& kind) {
  const auto* format = contents.attribute("/", "format");
  const auto* name = format == nullptr ? nullptr : std::get_if<std::string>(format);
  if (name == nullptr || *name != kind.format)
    refuse_foreign(kind, fmt::format("an HDF5 file, but not a {} of this program", kind.noun));
  const auto* version = contents.attribute("/", "format_version");
  const auto* number = version == nullptr ? nullptr : std::get_if<std::int64_t>(version);
  if (number == nullptr || *number < 1) refuse_damaged(kind, "has no format_version");
  if (*number > format_version) refuse_newer(fmt::format("has format version {}", *number));
  const auto* complete = contents.attribute("/", "complete");
  const auto* is_complete = complete == nullptr ? nullptr : std::get_if<std::int64_t>(complete);
  if (is_complete == nullptr || *is_complete != 1) {
    throw FaultFound(FileFault::damaged,
                     fmt::format("incomplete: its writing was interrupted. {}", kind.when_damaged));
  }
}

/// Those that tell what kind of file it is.
std::vector<std::byte> first_bytes(const OpenFile& file) {
  return read(file, 0, std::min<std::uint64_t>(file.size(), ContainerHeader::bytes + signature_bytes));
}

/// A file with a header.
Contents contents_by_header(const OpenFile& file, const FileKind& kind) {
  const std::uint64_t size = file.size();
  if (size < ContainerHeader::bytes) refuse_damaged(kind, fmt::format("truncated to {} bytes", size));
  std::array<std::byte, ContainerHeader::bytes> encoded{};
  file.read_at(0, encoded);
  const auto header = ContainerHeader::decode(encoded);
  if (!header) refuse_damaged(kind, "its header does not have its checksum");
  if (size != header->file_bytes) {
    refuse_damaged(
        kind, fmt::format("{} to {} bytes of {}", size < header->file_bytes ? "truncated" : "grown", size,
                          header->file_bytes));
  }
  const std::uint64_t end = header->contents_offset;
  if (end < ContainerHeader::bytes || end > size || header->contents_bytes != size - end ||
      header->contents_bytes > most_contents)
    refuse_damaged(kind, "its header says what cannot be");
  const std::vector<std::byte> text = read(file, end, header->contents_bytes);
  if (digest_of(text) != header->contents)
    refuse_damaged(kind, "its table of contents does not have its checksum");
  Contents contents = hdf5::parse_contents({reinterpret_cast<const char*>(text.data()), text.size()});
  require_kind(contents, kind);
  require_possible(contents, ContainerHeader::bytes, end, kind);
  if (digest_of_structure(file, contents, end) != header->structure)
    refuse_damaged(kind, "its structure or a checksum in it has been changed");
  return contents;
}

/// A file of before there was a header.
Contents contents_by_examination(const OpenFile& file, const FileKind& kind) {
  Contents contents;
  try {
    contents = hdf5::examine(file.path());
  } catch (const hdf5::Hdf5Error& error) {
    throw FaultFound(FileFault::damaged,
                     fmt::format("truncated or damaged ({}). {}", error.what(), kind.when_damaged));
  }
  require_kind(contents, kind);
  require_possible(contents, signature_bytes, file.size(), kind);
  return contents;
}

}  // namespace

void require_possible(const Contents& contents, std::uint64_t begin, std::uint64_t end,
                      const FileKind& kind) {
  for (const StoredDataset& dataset : contents.datasets) {
    require_sizes(dataset, begin, end, kind);
    require_allowed(dataset, kind);
  }
  require_checksums(contents, kind);
  require_apart(contents, kind);
  for (const hdf5::Attribute& attribute : contents.attributes) {
    if (fits(attribute.object, kind.attributes_of)) continue;
    throw FaultFound(FileFault::unfit,
                     fmt::format("{} has an attribute \"{}\", as no file of {} has. {}", attribute.object,
                                 attribute.name, kind.noun, kind.when_unfit));
  }
}

Digest digest_of_structure(const OpenFile& file, const Contents& contents, std::uint64_t end) {
  constexpr std::uint64_t at_once = std::uint64_t{1} << 20;
  RunningDigest digest;
  std::uint64_t place = ContainerHeader::bytes;
  std::vector<std::byte> buffer;
  const auto add_up_to = [&](std::uint64_t next) {
    while (place < next) {
      buffer.resize(std::min(next - place, at_once));
      file.read_at(place, buffer);
      digest.add(buffer);
      place += buffer.size();
    }
  };
  for (const StoredDataset& dataset : in_order_of_places(contents)) {
    if (is_checksums(dataset.path)) continue;
    add_up_to(dataset.offset);
    place = dataset.offset + dataset.bytes();
  }
  add_up_to(end);
  return digest.value();
}

bool begins_as_container(const std::filesystem::path& path) {
  try {
    const OpenFile file = OpenFile::open_to_read(path);
    return file.is_regular() && beginning_of(first_bytes(file)) != Beginning::other;
  } catch (const base::CheckpointError&) {
    return false;
  }
}

Contents prove(const OpenFile& file, const FileKind& kind) {
  if (!file.is_regular()) refuse_foreign(kind, "not a file");
  try {
    switch (beginning_of(first_bytes(file))) {
      case Beginning::header:
        return contents_by_header(file, kind);
      case Beginning::newer_header:
        refuse_newer("has a header of a later version");
      case Beginning::hdf5:
        return contents_by_examination(file, kind);
      case Beginning::damaged_header:
        refuse_damaged(kind, "its header is not there");
      case Beginning::other:
        break;
    }
  } catch (const FileEndsEarly& error) {  // somebody shortens it
    refuse_damaged(kind, error.what());
  } catch (const hdf5::Hdf5Error& error) {
    refuse_damaged(kind, error.what());
  }
  refuse_foreign(kind, "not an HDF5 file");
}

}  // namespace gemel::checkpoint
