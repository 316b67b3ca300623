// A line that may be JSON: what another parser takes is taken, and says the same.
#include "ingest/json_record.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/fuzzing.hpp"

namespace gemel::ingest {
namespace {

using Json = nlohmann::json;

/// Whether a text is the elements of an array, joined; how its numbers are written is not looked at.
bool array_agrees(std::string_view text, const Json& array) {
  std::string joined;
  for (const Json& element : array) {
    if (element.is_structured()) return text.empty();
    if (element.is_number()) return true;
    if (element.is_null()) continue;
    joined += element.is_string() ? element.get_ref<const std::string&>() : element.dump();
    joined += '|';
  }
  if (!joined.empty()) joined.pop_back();
  return text == joined;
}

/// Whether a field says what the other parser's value is, as far as that is plain.
bool agrees(const Field& field, const Json* value) {
  if (value == nullptr || value->is_null() || value->is_object()) return field.text.empty();
  if (value->is_string()) return field.text == value->get_ref<const std::string&>();
  if (value->is_boolean()) return field.text == (value->get<bool>() ? "true" : "false");
  if (value->is_number()) return Json::parse(field.text) == *value && field.text == field.source;
  return array_agrees(field.text, *value);
}

const Json* find(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found == object.end() ? nullptr : &*found;
}

}  // namespace
}  // namespace gemel::ingest

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  const std::string_view line = fuzzing::first_line(fuzzing::text_of(data, size));
  static ingest::JsonRecord record({"a", "b", "c.d"});
  const std::vector<ingest::Field>& fields = record(line);
  const auto& fault = record.fault();
  ingest::keys_of(line);
  fuzzing::check(fields.size() == 3, "there is a field for each wanted key");
  if (!fault.expected.empty())
    fuzzing::check(fuzzing::is_within(fault.where, line), "a fault is within the line");
  if (fault.expected.empty()) {
    for (const auto& field : fields)
      fuzzing::check(fuzzing::is_within(field.source, line), "a source is within the line");
  }
  // The other parser skips a byte order mark, and takes NUL for the end.
  if (line.starts_with("\xef\xbb\xbf") || line.find('\0') != std::string_view::npos) return 0;
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object()) return 0;
  if (!fault.expected.empty()) {
    fuzzing::check(fault.expected == "no second value of the same key", "what another parser takes is taken");
    return 0;
  }
  const auto* c = ingest::find(json, "c");
  fuzzing::check(ingest::agrees(fields[0], ingest::find(json, "a")), "a says what another parser says");
  fuzzing::check(ingest::agrees(fields[1], ingest::find(json, "b")), "b says what another parser says");
  // Where c is there twice, the other parser takes the last one, and so it may be where escapes hide a name.
  const bool is_plain =
      line.find('\\') == std::string_view::npos && line.find("\"c\"") == line.rfind("\"c\"");
  if (is_plain && c != nullptr && !json.contains("c.d"))
    fuzzing::check(ingest::agrees(fields[2], ingest::find(*c, "d")), "c.d says what another parser says");
  return 0;
}
