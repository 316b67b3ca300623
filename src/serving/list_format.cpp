#include "serving/list_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <vector>

#include "serving/csv_field.hpp"
#include "serving/npy_head.hpp"

namespace gemel::serving {
namespace {

using nlohmann::ordered_json;

std::string json_text(std::string_view text) {
  return ordered_json(text).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

class Csv : public ListFormat {
 public:
  std::string head() const override { return "query,rank,item,score,label\n"; }

  void append(const ItemLists& lists, std::string& bytes) const override {
    std::size_t place = 0;
    for (std::size_t list = 0; list < lists.size(); ++list) {
      std::size_t rank = 0;
      for (const RankedItem& item : lists.lists[list]) {
        append_csv_field(lists.queries[list], bytes);
        fmt::format_to(std::back_inserter(bytes), ",{},", ++rank);
        append_csv_field(lists.ids[place], bytes);
        fmt::format_to(std::back_inserter(bytes), ",{},", item.score);
        append_csv_field(lists.labels[place++], bytes);
        bytes += '\n';
      }
    }
  }
};

class Jsonl : public ListFormat {
 public:
  void append(const ItemLists& lists, std::string& bytes) const override {
    std::size_t place = 0;
    for (std::size_t list = 0; list < lists.size(); ++list) {
      bytes += "{\"query\":" + json_text(lists.queries[list]);
      if (!lists.unknown[list].empty()) bytes += ",\"unknown\":" + ordered_json(lists.unknown[list]).dump();
      bytes += ",\"items\":" + items_json(lists, list, place) + "}\n";
      place += lists.lists[list].size();
    }
  }
};

void append_padded(std::string_view text, std::size_t length, std::string& bytes) {
  bytes.append(text);
  bytes.append(length - text.size(), '\0');
}

template <class T>
void append_value(T value, std::string& bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

/// The scores of a list, filled up to k.
void append_scores(const std::vector<RankedItem>& list, std::size_t k, std::string& bytes) {
  for (const RankedItem& item : list) append_value(item.score, bytes);
  for (std::size_t i = list.size(); i < k; ++i) append_value(std::numeric_limits<float>::quiet_NaN(), bytes);
}

/// Texts of fixed lengths, which numpy wants to be at least 1.
class Npy : public ListFormat {
 public:
  explicit Npy(const ListShape& shape)
      : shape_(shape),
        query_length_(std::max<std::size_t>(shape.longest_query, 1)),
        id_length_(std::max<std::size_t>(shape.longest_id, 1)) {}

  std::string head() const override {
    return npy_head(
        fmt::format(
            "[('query', '|S{}'), ('unknown', '|b1'), ('item', '|S{}', ({},)), ('score', '<f4', ({},))]",
            query_length_, id_length_, shape_.k, shape_.k),
        fmt::format("({},)", shape_.lists));
  }

  void append(const ItemLists& lists, std::string& bytes) const override {
    std::size_t place = 0;
    for (std::size_t list = 0; list < lists.size(); ++list) {
      const std::vector<RankedItem>& items = lists.lists[list];
      append_padded(lists.queries[list], query_length_, bytes);
      append_value(!lists.unknown[list].empty(), bytes);
      for (std::size_t i = 0; i < items.size(); ++i) append_padded(lists.ids[place++], id_length_, bytes);
      bytes.append((shape_.k - items.size()) * id_length_, '\0');
      append_scores(items, shape_.k, bytes);
    }
  }

 private:
  ListShape shape_;
  std::size_t query_length_;
  std::size_t id_length_;
};

class Records : public ListFormat {
 public:
  explicit Records(const ListShape& shape) : shape_(shape) {}

  void append(const ItemLists& lists, std::string& bytes) const override {
    for (std::size_t list = 0; list < lists.size(); ++list) {
      const std::vector<RankedItem>& items = lists.lists[list];
      append_padded(lists.queries[list], shape_.longest_query, bytes);
      append_value(std::int64_t{lists.unknown[list].empty() ? 0 : 1}, bytes);
      for (const RankedItem& item : items) append_value(std::int64_t{item.row}, bytes);
      for (std::size_t i = items.size(); i < shape_.k; ++i) append_value(std::int64_t{-1}, bytes);
      append_scores(items, shape_.k, bytes);
    }
  }

 private:
  ListShape shape_;
};

}  // namespace

std::unique_ptr<ListFormat> csv_lists() {
  return std::make_unique<Csv>();
}

std::unique_ptr<ListFormat> jsonl_lists() {
  return std::make_unique<Jsonl>();
}

std::unique_ptr<ListFormat> npy_lists(const ListShape& shape) {
  return std::make_unique<Npy>(shape);
}

std::unique_ptr<ListFormat> record_lists(const ListShape& shape) {
  return std::make_unique<Records>(shape);
}

std::size_t record_bytes(const ListShape& shape) {
  return shape.longest_query + sizeof(std::int64_t) + shape.k * (sizeof(std::int64_t) + sizeof(float));
}

std::string items_json(const ItemLists& lists, std::size_t list, std::size_t first) {
  std::string text = "[";
  for (std::size_t i = 0; i < lists.lists[list].size(); ++i) {
    fmt::format_to(std::back_inserter(text), R"({}{{"rank":{},"item":{},"score":{},"label":{})",
                   i == 0 ? "" : ",", i + 1, json_text(lists.ids[first + i]), lists.lists[list][i].score,
                   json_text(lists.labels[first + i]));
    if (!lists.was_seen.empty()) text += lists.was_seen[first + i] ? ",\"seen\":true" : ",\"seen\":false";
    text += '}';
  }
  return text + "]";
}

}  // namespace gemel::serving
