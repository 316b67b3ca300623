#pragma once

#include <string>

#include "base/error.hpp"
#include "mpi/agreement.hpp"

namespace gemel::checkpoint {

/// What is the matter with a file.
enum class FileFault {
  none,
  damaged,     ///< it was a file of ours, and is so no more: an earlier one is to be taken
  unreadable,  ///< the system does not let it be read, which says nothing about what is in it
  foreign,     ///< it is not one of ours
  newer,       ///< a later version of this program wrote it
  unfit,       ///< it is of another model, or of other data, than is looked for
};

/// A rank has found a fault. Others may not know of it.
struct FaultFound : base::CheckpointError {
  FaultFound(FileFault of_kind, const std::string& what) : CheckpointError(what), fault(of_kind) {}
  FileFault fault;
};

/// The same, when all ranks know of it and throw it.
struct FileError : mpi::AgreedError {
  FileError(FileFault of_kind, base::ExitCode code, const std::string& what)
      : AgreedError(code, what), fault(of_kind) {}
  FileFault fault;
};

}  // namespace gemel::checkpoint
