// A line, with the separator that the first byte of the input says: its fields lie within it, one after the other.
#include "ingest/field_splitter.hpp"

#include <array>

#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  using enum ingest::Separator;
  constexpr std::array separators = {tab, double_colon, semicolon, comma, bar, blanks};
  std::string_view input = fuzzing::text_of(data, size);
  const auto separator = separators[fuzzing::take_byte(input) % separators.size()];
  const std::string_view line = fuzzing::first_line(input);
  ingest::FieldSplitter split(separator);
  const auto& fields = split(line);
  const char* end = line.data();
  for (const ingest::Field& field : fields) {
    fuzzing::check(fuzzing::is_within(field.source, line), "a field's source lies within the line");
    fuzzing::check(field.source.data() >= end, "fields come in the order of the line, and do not overlap");
    fuzzing::check(field.text.size() <= field.source.size(), "a field says no more than stands there");
    if (!field.source.starts_with('"'))
      fuzzing::check(field.text == field.source, "a field says what stands there");
    end = field.source.data() + field.source.size();
  }
  const auto& fault = split.fault();
  fuzzing::check(fault.expected.empty() || fuzzing::is_within(fault.where, line),
                 "a fault is within the line");
  if (fault.expected.empty() && separator != blanks) {
    fuzzing::check(!fields.empty(), "a line has a field");
    if (!ingest::contains(line, separator))
      fuzzing::check(fields.size() == 1, "a line without separators is one field");
  }
  return 0;
}
