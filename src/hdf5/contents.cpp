#include "hdf5/contents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>
#include <tuple>

#include "hdf5/error.hpp"

namespace gemel::hdf5 {
namespace {

using nlohmann::json;

constexpr std::array all_elements = {Element::float32, Element::float64, Element::uint8, Element::int32,
                                     Element::int64,   Element::uint64,  Element::text};

/// Texts are bytes, which need not be UTF-8; in JSON each byte is the character of its number.
std::string characters_of(std::string_view bytes) {
  std::string characters;
  for (const char byte : bytes) {
    const auto number = static_cast<unsigned char>(byte);
    if (number < 0x80) {
      characters += byte;
    } else {
      characters += static_cast<char>(0xc0 | (number >> 6));
      characters += static_cast<char>(0x80 | (number & 0x3f));
    }
  }
  return characters;
}

json to_json(const Attribute& attribute) {
  json entry = {{"object", characters_of(attribute.object)}, {"name", characters_of(attribute.name)}};
  if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) entry["int64"] = *integer;
  if (const auto* integer = std::get_if<std::uint64_t>(&attribute.value)) entry["uint64"] = *integer;
  // By its bits: JSON has no NaN.
  if (const auto* number = std::get_if<double>(&attribute.value))
    entry["float64_bits"] = std::bit_cast<std::uint64_t>(*number);
  if (const auto* text = std::get_if<std::string>(&attribute.value)) entry["text"] = characters_of(*text);
  return entry;
}

json to_json(const StoredDataset& dataset) {
  json shape = json::array({dataset.shape.rows});
  if (dataset.shape.cols) shape.push_back(*dataset.shape.cols);
  return {{"path", characters_of(dataset.path)},
          {"element", name_of(dataset.element)},
          {"shape", shape},
          {"value_bytes", dataset.value_bytes},
          {"offset", dataset.offset}};
}

[[noreturn]] void refuse(const char* what) {
  throw Hdf5Error(fmt::format("its table of contents has {}", what));
}

std::uint64_t unsigned_in(const json& value, const char* what) {
  if (!value.is_number_unsigned()) refuse(what);
  return value.get<std::uint64_t>();
}

const json& member(const json& entry, const char* name) {
  const auto found = entry.find(name);
  if (found == entry.end()) refuse("an entry that lacks something");
  return *found;
}

/// What characters_of makes, back. JSON has been read, so that this is UTF-8.
std::string text_in(const json& entry, const char* name) {
  const json& value = member(entry, name);
  if (!value.is_string()) refuse("a name that is no text");
  const auto& characters = value.get_ref<const std::string&>();
  std::string bytes;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const auto first = static_cast<unsigned char>(characters[i]);
    if (first < 0x80) {
      bytes += characters[i];
      continue;
    }
    if (first > 0xc3) refuse("a character that is no byte");
    bytes += static_cast<char>((first << 6) | (static_cast<unsigned char>(characters[++i]) & 0x3f));
  }
  return bytes;
}

AttributeValue value_in(const json& entry) {
  if (const auto found = entry.find("int64"); found != entry.end() && found->is_number_integer()) {
    if (found->is_number_unsigned() && found->get<std::uint64_t>() >> 63 != 0) refuse("too large an integer");
    return found->get<std::int64_t>();
  }
  if (const auto found = entry.find("uint64"); found != entry.end())
    return unsigned_in(*found, "an integer that is none");
  if (const auto found = entry.find("float64_bits"); found != entry.end())
    return std::bit_cast<double>(unsigned_in(*found, "a number that is none"));
  if (entry.contains("text")) return text_in(entry, "text");
  refuse("an attribute without a value");
}

Element element_in(const json& entry) {
  const std::string name = text_in(entry, "element");
  const auto* const found = std::ranges::find(all_elements, name, name_of);
  if (found == all_elements.end()) refuse("a dataset of an unknown type");
  return *found;
}

Shape shape_in(const json& entry) {
  const json& extents = member(entry, "shape");
  if (!extents.is_array() || extents.empty() || extents.size() > 2) refuse("a dataset of an unknown shape");
  Shape shape;
  shape.rows = unsigned_in(extents[0], "a number of rows that is none");
  if (extents.size() == 2) shape.cols = unsigned_in(extents[1], "a number of columns that is none");
  return shape;
}

const json& list_in(const json& whole, const char* name) {
  if (!whole.is_object()) refuse("no lists");
  const json& list = member(whole, name);
  const bool are_objects =
      list.is_array() && std::ranges::all_of(list, [](const json& entry) { return entry.is_object(); });
  if (!are_objects) refuse("a list that is none");
  return list;
}

}  // namespace

const StoredDataset* Contents::dataset(std::string_view path) const {
  const auto found = std::ranges::find(datasets, path, &StoredDataset::path);
  return found == datasets.end() ? nullptr : &*found;
}

const AttributeValue* Contents::attribute(std::string_view object, std::string_view name) const {
  const auto found = std::ranges::find_if(attributes, [&](const Attribute& attribute) {
    return attribute.object == object && attribute.name == name;
  });
  return found == attributes.end() ? nullptr : &found->value;
}

bool Contents::has(std::string_view path) const {
  if (path == "/") return true;
  const auto is_there = [&](const std::string& object) {
    return object.starts_with(path) && (object.size() == path.size() || object[path.size()] == '/');
  };
  return std::ranges::any_of(datasets, is_there, &StoredDataset::path) ||
         std::ranges::any_of(attributes, is_there, &Attribute::object);
}

void Contents::sort() {
  std::ranges::sort(datasets, {}, &StoredDataset::path);
  std::ranges::sort(attributes, [](const Attribute& a, const Attribute& b) {
    return std::tie(a.object, a.name) < std::tie(b.object, b.name);
  });
}

std::size_t bytes_of(Element element) {
  switch (element) {
    case Element::uint8:
      return 1;
    case Element::float32:
    case Element::int32:
      return 4;
    case Element::float64:
    case Element::int64:
    case Element::uint64:
      return 8;
    case Element::text:
      return 0;
  }
  throw base::InternalError("hdf5: no such element");
}

std::string to_text(const Contents& contents) {
  json attributes = json::array();
  for (const Attribute& attribute : contents.attributes) attributes.push_back(to_json(attribute));
  json datasets = json::array();
  for (const StoredDataset& dataset : contents.datasets) datasets.push_back(to_json(dataset));
  return json({{"attributes", attributes}, {"datasets", datasets}}).dump();
}

Contents parse_contents(std::string_view text) {
  const json whole = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (whole.is_discarded()) refuse("no JSON");
  Contents contents;
  for (const json& entry : list_in(whole, "attributes"))
    contents.attributes.push_back({text_in(entry, "object"), text_in(entry, "name"), value_in(entry)});
  for (const json& entry : list_in(whole, "datasets")) {
    contents.datasets.push_back({text_in(entry, "path"), element_in(entry), shape_in(entry),
                                 unsigned_in(member(entry, "value_bytes"), "a width that is none"),
                                 unsigned_in(member(entry, "offset"), "a place that is none")});
  }
  return contents;
}

}  // namespace gemel::hdf5
