#pragma once

#include <string>

namespace gemel::hdf5 {

/// "HDF5 1.10.8".
std::string library_version();

}  // namespace gemel::hdf5
