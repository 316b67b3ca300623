#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ingest/columns.hpp"
#include "model/catalogue_file.hpp"
#include "mpi/communicator.hpp"
#include "serving/retriever.hpp"

namespace gemel::serving {

/// Lists of items as people and programs get them, some consecutive ones of all.
struct ItemLists {
  ingest::StringColumn queries;  ///< the name of what each list is for
  std::vector<std::vector<std::string>>
      unknown;  ///< of each: columns with a value that the model has not learned
  std::vector<std::vector<RankedItem>> lists;
  ingest::StringColumn ids;  ///< of the items of all lists, end to end
  ingest::StringColumn labels;
  std::vector<bool>
      was_seen;  ///< whether the query's user has seen each of them; empty where that is not known

  std::size_t size() const { return lists.size(); }
};

/// Fills in the ids and labels of the lists' items. Collective.
void name_items(ItemLists& lists, const model::Catalogue& catalogue, mpi::Communicator& communicator);

/// Makes lists, a few at a time. Their order and content are the same on any number of ranks.
class ListSource {
 public:
  virtual ~ListSource() = default;
  ListSource(const ListSource&) = delete;
  ListSource& operator=(const ListSource&) = delete;

  /// Lists of all ranks.
  virtual std::int64_t size() const = 0;
  /// Items of a list, at most.
  virtual std::size_t k() const = 0;
  /// Bytes of the longest name of a query. Collective.
  virtual std::size_t longest_query() = 0;
  /// This rank's part of the lists [first, last), of which there are at most evaluation::most_queries; the ranks' parts, in rank order, are
  /// all of them. Collective.
  virtual ItemLists make(std::int64_t first, std::int64_t last) = 0;

 protected:
  ListSource() = default;
};

}  // namespace gemel::serving
