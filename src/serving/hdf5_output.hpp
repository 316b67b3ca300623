#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "base/output_file.hpp"
#include "hdf5/error.hpp"
#include "hdf5/file.hpp"
#include "mpi/communicator.hpp"

namespace gemel::serving {

/// An HDF5 file that users get, written by this rank alone. Everything that fails throws OutputError: what goes wrong with this file is
/// no checkpoint's fault.
class Hdf5Output {
 public:
  /// `output` must outlive the object and is committed by its owner, after close(). `bytes` is a bound of the file's length: it is set
  /// aside, as HDF5 cannot close a file that finds the disk full.
  Hdf5Output(base::OutputFile& output, std::uint64_t bytes);

  /// Calls action(file), which writes to the file.
  template <class Action>
  void write(const Action& action) {
    try {
      action(*file_);
    } catch (const hdf5::Hdf5Error& error) {
      throw base::OutputError(
          fmt::format("{}: cannot write this file: {}", output_.path().string(), error.what()));
    }
  }

  /// Datasets must have been closed before.
  void close();

 private:
  base::OutputFile& output_;
  mpi::Communicator alone_ = mpi::Communicator::self();
  std::optional<hdf5::File> file_;
};

}  // namespace gemel::serving
