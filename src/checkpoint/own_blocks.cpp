#include "checkpoint/own_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.hpp"
#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/container_header.hpp"

namespace gemel::checkpoint {
namespace {

hdf5::Extent& extent_with(std::vector<hdf5::Extent>& extents, std::uint64_t offset) {
  const auto next = std::ranges::upper_bound(extents, offset, {}, &hdf5::Extent::offset);
  base::require(next != extents.begin() && offset + sizeof(std::uint64_t) <= std::prev(next)->end(),
                "checkpoint: a checksum without a place");
  return *std::prev(next);
}

}  // namespace

void OwnBlocks::write(OpenFile& file, std::vector<PlacedSum>& sums) const {
  file.write_at(place.values + std::uint64_t{range.first_row} * row_bytes, bytes);
  std::uint64_t offset = place.checksums + range.first_block * sizeof(std::uint64_t);
  for (const std::uint64_t sum : blocks.checksums(range, bytes)) {
    sums.push_back({offset, sum});
    offset += sizeof(std::uint64_t);
  }
}

Ending ending_of(hdf5::Layout& layout) {
  hdf5::Structure structure = layout.finish();
  std::vector<hdf5::Extent> extents = std::move(structure.extents);
  for (const hdf5::StoredDataset& dataset : layout.contents().datasets) {
    if (is_checksums(dataset.path) && dataset.bytes() > 0)
      extents.push_back({dataset.offset, std::vector<std::byte>(dataset.bytes())});
  }
  const std::string text = hdf5::to_text(layout.contents());
  const auto contents = std::as_bytes(std::span(text));
  extents.push_back({structure.file_bytes, {contents.begin(), contents.end()}});
  extents.push_back({0, std::vector<std::byte>(ContainerHeader::bytes)});
  std::ranges::sort(extents, {}, &hdf5::Extent::offset);
  return {extents.back().end(), std::move(extents)};
}

void complete(Ending& ending, std::span<const PlacedSum> sums) {
  for (const PlacedSum& sum : sums) {
    hdf5::Extent& extent = extent_with(ending.extents, sum.offset);
    std::memcpy(extent.bytes.data() + (sum.offset - extent.offset), &sum.value, sizeof(sum.value));
  }
  const std::span<hdf5::Extent> structure = std::span(ending.extents).subspan(1, ending.extents.size() - 2);
  const hdf5::Extent& contents = ending.extents.back();
  RunningDigest digest;
  for (const hdf5::Extent& extent : structure) digest.add(extent.bytes);
  const ContainerHeader header = {ending.file_bytes, contents.offset, contents.bytes.size(),
                                  digest_of(contents.bytes), digest.value()};
  const ContainerHeader::Bytes encoded = header.encode();
  ending.extents.front().bytes.assign(encoded.begin(), encoded.end());
}

}  // namespace gemel::checkpoint
