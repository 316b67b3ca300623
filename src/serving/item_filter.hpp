#pragma once

#include <string>
#include <vector>

#include "ingest/dataset.hpp"
#include "model/catalogue_file.hpp"
#include "mpi/communicator.hpp"
#include "serving/named_value.hpp"

namespace gemel::serving {

/// What items are ranked. All of it must be so.
struct ItemFilter {
  std::string allow;  ///< a file of ids, which are allowed; empty: all are
  std::string deny;   ///< a file of ids, which are not; empty: none
  /// Values of columns of items, which may be one of the parts between bars ("Action|Comedy"). Of several values of a column one must be
  /// so.
  std::vector<NamedValue> where;

  bool is_empty() const { return allow.empty() && deny.empty() && where.empty(); }
};

/// Which items of this rank's block of the catalogue pass. Their columns are item_id and title, as the catalogue has them, and those of
/// `data` (null: there is none). Root warns of ids that no item has. Throws AgreedError (usage) for a column that is not known, and (data)
/// where no item passes. Collective.
std::vector<bool> allowed_items(const ItemFilter& filter, const model::Catalogue& catalogue,
                                const ingest::Dataset* data, mpi::Communicator& communicator);

}  // namespace gemel::serving
