#include "hdf5/library.hpp"

#include <hdf5.h>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {

std::string library_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  check(H5get_libversion(&major, &minor, &release), "H5get_libversion");
  return "HDF5 " + std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace gemel::hdf5
