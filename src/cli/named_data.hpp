#pragma once

#include <string>
#include <vector>

#include "mpi/communicator.hpp"
#include "options/option_table.hpp"

namespace gemel::cli {

/// Where an option says that data is.
struct NamedPath {
  std::string option;
  std::string path;
  bool is_saved = false;  ///< it was not given, but is that of the checkpoint

  friend bool operator==(const NamedPath&, const NamedPath&) = default;
};

/// Those of the table.
std::vector<NamedPath> named_data(const options::OptionTable& table);

/// Throws AgreedError (data) when there is nothing at one of the paths on root, which reads them. A run that goes on from `checkpoint`
/// asks first: what else does not fit is of no interest then. Collective.
void require_there(const std::vector<NamedPath>& paths, const std::string& checkpoint,
                   mpi::Communicator& communicator);

}  // namespace gemel::cli
