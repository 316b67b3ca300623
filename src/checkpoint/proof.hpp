#pragma once

#include <cstdint>
#include <filesystem>

#include "checkpoint/checkpoint_format.hpp"
#include "checkpoint/container_header.hpp"
#include "checkpoint/durable_file.hpp"
#include "hdf5/contents.hpp"

namespace gemel::checkpoint {

/// Proves that a file is one of ours before any of it is used, and tells what is in it: each dataset with a checksum for each of its blocks.
/// Its header, its table of contents and its structure have their digests; of files of before there was a header, HDF5 finds out what is
/// in them, in a process of its own. What is in it can be: names, types, dimensions and sizes are those of the kind, and values lie within
/// the file and do not overlap. Reads little: values are proved when they are read.
///
/// Throws FaultFound, and FileCallError where the file cannot be read. Not collective: root does it.
hdf5::Contents prove(const OpenFile& file, const FileKind& kind);

/// Whether a file begins as those of ours do, whatever it holds. False also where it cannot be read, which another reader tells.
bool begins_as_container(const std::filesystem::path& path);

/// That a table of contents can be one of a file of this length whose values lie from `begin` on. Throws FaultFound.
void require_possible(const hdf5::Contents& contents, std::uint64_t begin, std::uint64_t end,
                      const FileKind& kind);

/// The digest of all between the header and `end` but the values of datasets; those of checksums belong to it.
Digest digest_of_structure(const OpenFile& file, const hdf5::Contents& contents, std::uint64_t end);

}  // namespace gemel::checkpoint
