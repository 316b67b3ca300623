#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "serving/item_lists.hpp"

namespace gemel::serving {

/// What is known of lists before they come.
struct ListShape {
  std::int64_t lists = 0;
  std::size_t k = 0;              ///< items of a list, at most
  std::size_t longest_query = 0;  ///< bytes of the name of a query
  std::size_t longest_id = 0;     ///< of an item
};

/// What a file of lists looks like.
class ListFormat {
 public:
  virtual ~ListFormat() = default;

  /// What stands before the lists.
  virtual std::string head() const { return {}; }
  /// Appends lists; `bytes` may have others. Those of all ranks, in rank order, follow each other in the file.
  virtual void append(const ItemLists& lists, std::string& bytes) const = 0;
};

/// "query,rank,item,score,label", a line for each item; fields are quoted as in RFC 4180.
std::unique_ptr<ListFormat> csv_lists();
/// An object a line, for each query: {"query": ..., "items": [{"rank": ..., "item": ..., "score": ..., "label": ...}]}, with "unknown"
/// where the query has values that the model has not learned, and with "seen" of each item where that is known.
std::unique_ptr<ListFormat> jsonl_lists();
/// numpy's format: an array [lists] of records query (bytes of UTF-8), unknown (whether the query has a value that the model has not
/// learned), item [k] (bytes of UTF-8) and score [k] (float32). Lists that are shorter have "" and NaN.
std::unique_ptr<ListFormat> npy_lists(const ListShape& shape);
/// The records of write_lists' HDF5 files: query [longest_query], unknown (int64), row of the catalogue [k] (int64), score [k] (float32).
/// Lists that are shorter have -1 and NaN.
std::unique_ptr<ListFormat> record_lists(const ListShape& shape);
/// Bytes of such a record.
std::size_t record_bytes(const ListShape& shape);

/// The items of one list as JSON, which begin at place `first` of all lists' items.
std::string items_json(const ItemLists& lists, std::size_t list, std::size_t first);

}  // namespace gemel::serving
