#pragma once

#include <filesystem>

#include "hdf5/contents.hpp"

namespace gemel::hdf5 {

/// What is in a file that HDF5 itself has to find out: one without a table of contents of ours. HDF5 may crash, hang or ask for all
/// memory where such a file is damaged or made to do so. It works in a process of its own, which is ended after 30 s.
///
/// Refused are files with anything that we do not write: soft and external links, an object with two names, names deeper than 8 levels,
/// more than 100 000 objects, values in other files or in chunks, other types and shapes, attributes of more than 64 MiB. No plug-in of
/// HDF5 is loaded. The places of datasets are what the file says, and are to be checked.
///
/// Throws Hdf5Error with what is wrong with the file, and std::system_error where no process can be made. Not collective: one rank does
/// it.
Contents examine(const std::filesystem::path& path);

}  // namespace gemel::hdf5
