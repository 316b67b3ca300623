#pragma once

#include <hdf5.h>

#include <string>

#include "base/error.hpp"

namespace gemel::hdf5 {

/// An HDF5 call failed; the message names the call and carries HDF5's own error stack.
struct Hdf5Error : base::Error {
  explicit Hdf5Error(const std::string& message) : Error(base::ExitCode::checkpoint, message) {}
};

/// Stops HDF5 from printing its error stack to standard error: it goes into Hdf5Error instead.
void silence_error_printing();

/// Throws Hdf5Error with HDF5's error stack if `status` is negative, and returns it otherwise. `call` names
/// the HDF5 function; `object`, where given, the file, path or attribute that it was about.
herr_t check(herr_t status, const char* call, const std::string& object = {});
/// The same for a new identifier.
hid_t check(hid_t identifier, const char* call, const std::string& object = {});

}  // namespace gemel::hdf5
