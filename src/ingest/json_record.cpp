#include "ingest/json_record.hpp"

#include <simdjson.h>

#include <algorithm>
#include <new>
#include <utility>

#include "ingest/text_encoding.hpp"

namespace gemel::ingest {
namespace {

namespace ondemand = simdjson::ondemand;
using Fault = FieldSplitter::Fault;

constexpr std::string_view string_expected = R"(a string with valid escapes, \ud800 to \udfff only in pairs)";

/// A line that is parsed: with the room after it that the parser reads into.
class PaddedLine {
 public:
  simdjson::padded_string_view set(std::string_view line) {
    line_ = line;
    bytes_ = line;
    bytes_.append(simdjson::SIMDJSON_PADDING, ' ');
    return simdjson::padded_string_view(bytes_.data(), line.size(), bytes_.size());
  }

  std::string_view line() const { return line_; }

  /// The part of the line that a part of the padded one is a copy of, without blanks at its end.
  std::string_view original(const char* begin, const char* end) const {
    std::string_view part = line_.substr(static_cast<std::size_t>(begin - bytes_.data()));
    part = part.substr(0, static_cast<std::size_t>(end - begin));
    while (!part.empty() && (part.back() == ' ' || part.back() == '\t' || part.back() == '\r'))
      part.remove_suffix(1);
    return part;
  }
  std::string_view original(std::string_view part) const {
    return original(part.data(), part.data() + part.size());
  }

  std::string_view from(const char* begin) const { return original(begin, bytes_.data() + line_.size()); }

 private:
  std::string_view line_;
  std::string bytes_;
};

/// Goes through an object and, as far as the visitor enters them, the objects in it. Throws simdjson_error.
///
///     bool visitor.enters(name)                whether the keys of an object are visited rather than itself
///     void visitor.take(name, value)           which may, but need not, read it
template <class Visitor>
void walk(ondemand::object object, const std::string& prefix, Visitor& visitor) {
  std::string joined;
  for (ondemand::field field : object) {
    std::string_view name = field.unescaped_key();
    if (!prefix.empty()) name = joined.assign(prefix).append(name);
    ondemand::value value = field.value();
    if (visitor.enters(name) && value.type() == ondemand::json_type::object) {
      walk(value.get_object(), std::string(name) + '.', visitor);
    } else {
      visitor.take(name, value);
    }
  }
}

/// The digits of a number of JSON, from `at` on. Returns whether there are any.
bool skip_digits(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
  return at > start;
}

/// Whether `text` is a number of JSON, of any size.
bool is_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const bool has_leading_zero = text.substr(at).starts_with('0');
  const std::size_t start = at;
  if (!skip_digits(text, at) || (has_leading_zero && at > start + 1)) return false;
  if (at < text.size() && text[at] == '.' && !skip_digits(text, ++at)) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!skip_digits(text, at)) return false;
  }
  return at == text.size();
}

/// What is wrong with a line at which the parser stops at `at`, if that is known.
Fault fault_of(simdjson::error_code error, const PaddedLine& padded, const char* at) {
  const std::string_view line = padded.line();
  switch (error) {
    case simdjson::MEMALLOC:
      throw std::bad_alloc();
    case simdjson::CAPACITY:
      return {line, "a line of less than 4 GiB"};
    case simdjson::UTF8_ERROR:
      return {line.substr(std::min(scan_text(line).invalid_at, line.size())), "UTF-8"};
    case simdjson::UNCLOSED_STRING:
      return {line, "a closing double quote for every string in the line"};
    case simdjson::UNESCAPED_CHARS:
      return {line, R"(no control characters in strings; tabs are \t there)"};
    case simdjson::EMPTY:
    case simdjson::INCORRECT_TYPE:
      return {line, R"(a JSON object, such as {"user": "u1", "item": "i1"})"};
    case simdjson::STRING_ERROR:
      return {at == nullptr ? line : padded.from(at), string_expected};
    default:
      return {at == nullptr ? line : padded.from(at), "the line to go on as a JSON object"};
  }
}

}  // namespace

/// Reads one line after the other; the visitor of each.
struct JsonRecord::Reader {
  explicit Reader(std::vector<std::string> names) : wanted(std::move(names)) {
    for (const std::string& name : wanted) has_paths |= name.find('.') != std::string::npos;
  }

  void read(std::string_view line);

  bool enters(std::string_view name) const {
    return has_paths && std::ranges::any_of(wanted, [&](std::string_view path) {
             return path.size() > name.size() && path[name.size()] == '.' && path.starts_with(name);
           });
  }
  void take(std::string_view name, ondemand::value& value);
  Field array(ondemand::value& value);
  /// What a value that is neither an array nor an object says; `source` is all of it.
  std::string_view text_of(ondemand::value& value, std::string_view source);
  /// Where in the padded line the parser is; null: at its end.
  const char* location();
  [[noreturn]] void stop(std::string_view where, std::string_view expected);

  std::vector<std::string> wanted;
  bool has_paths = false;  // some wanted keys are of objects in the object
  std::vector<Field> fields;
  std::vector<bool> is_there;
  std::string joined;  // what arrays say
  Fault fault;
  PaddedLine padded;
  ondemand::parser parser;
  ondemand::document document;
};

void JsonRecord::Reader::read(std::string_view line) {
  fault = {};
  fields.assign(wanted.size(), {line.substr(0, 0), line.substr(0, 0)});
  is_there.assign(wanted.size(), false);
  joined.clear();
  joined.reserve(line.size());  // so that what points into it stays valid
  const simdjson::error_code error = parser.iterate(padded.set(line)).get(document);
  if (error != simdjson::SUCCESS) {
    fault = fault_of(error, padded, nullptr);
    return;
  }
  try {
    walk(document.get_object(), "", *this);
  } catch (const simdjson::simdjson_error& thrown) {
    if (fault.expected.empty()) fault = fault_of(thrown.error(), padded, location());
    return;
  }
  if (const char* rest = location()) fault = {padded.from(rest), "the line to end after the object"};
}

const char* JsonRecord::Reader::location() {
  const char* at = nullptr;
  return document.current_location().get(at) == simdjson::SUCCESS ? at : nullptr;
}

void JsonRecord::Reader::stop(std::string_view where, std::string_view expected) {
  fault = {where, expected};
  throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
}

void JsonRecord::Reader::take(std::string_view name, ondemand::value& value) {
  const auto found = std::ranges::find(wanted, name);
  if (found == wanted.end()) return;
  const auto index = static_cast<std::size_t>(found - wanted.begin());
  const std::string_view source = padded.original(value.raw_json_token());
  if (is_there[index]) stop(source, "no second value of the same key");
  is_there[index] = true;
  if (source.starts_with('[')) {
    fields[index] = array(value);
  } else if (!source.starts_with('{')) {
    fields[index] = {text_of(value, source), source};
  }
}

Field JsonRecord::Reader::array(ondemand::value& value) {
  const char* begin = value.raw_json_token().data();
  const std::size_t first = joined.size();
  bool is_first = true;
  bool is_nested = false;
  for (ondemand::value element : value.get_array()) {
    const std::string_view source = padded.original(element.raw_json_token());
    is_nested |= source.starts_with('[') || source.starts_with('{');
    if (is_nested || source == "null") continue;
    if (!std::exchange(is_first, false)) joined += '|';
    joined += text_of(element, source);
  }
  const std::string_view text = is_nested ? std::string_view() : std::string_view(joined).substr(first);
  return {text, padded.original(begin, location())};
}

std::string_view JsonRecord::Reader::text_of(ondemand::value& value, std::string_view source) {
  if (source.starts_with('"')) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) stop(source, string_expected);
    return text;
  }
  if (source == "null") return source.substr(0, 0);
  if (source != "true" && source != "false" && !is_number(source)) stop(source, "a value of JSON");
  return source;
}

JsonRecord::JsonRecord(std::vector<std::string> wanted)
    : reader_(std::make_unique<Reader>(std::move(wanted))) {}
JsonRecord::JsonRecord(JsonRecord&&) noexcept = default;
JsonRecord& JsonRecord::operator=(JsonRecord&&) noexcept = default;
JsonRecord::~JsonRecord() = default;

const std::vector<Field>& JsonRecord::operator()(std::string_view line) {
  reader_->read(line);
  return reader_->fields;
}

const FieldSplitter::Fault& JsonRecord::fault() const {
  return reader_->fault;
}

std::vector<std::string> keys_of(std::string_view line) {
  struct {
    std::vector<std::string> names;
    /// Names of keys deeper down than anybody would give are not listed.
    bool enters(std::string_view name) const { return std::ranges::count(name, '.') < 8; }
    void take(std::string_view name, ondemand::value&) { names.emplace_back(name); }
  } keys;
  PaddedLine padded;
  ondemand::parser parser;
  ondemand::document document;
  if (parser.iterate(padded.set(line)).get(document) != simdjson::SUCCESS) return {};
  try {
    walk(document.get_object(), "", keys);
  } catch (const simdjson::simdjson_error&) {
    return {};
  }
  return keys.names;
}

}  // namespace gemel::ingest
