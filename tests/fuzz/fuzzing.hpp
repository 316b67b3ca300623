#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What libFuzzer and replay.cpp call with any bytes. It must return 0, and end the program where something is not as it should be.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace gemel::fuzzing {

/// Valid as long as the input is.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// The first byte of an input, which is taken off it; 0 if there is none.
inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input[0]);
  input.remove_prefix(1);
  return byte;
}

/// The input up to its first newline: a parser of lines gets no more.
inline std::string_view first_line(std::string_view input) {
  return input.substr(0, input.find('\n'));
}

/// Ends the program unless `holds`; `claim` says what should be so.
inline void check(bool holds, const char* claim) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", claim);
  std::abort();
}

/// Whether `part` lies within `whole`.
inline bool is_within(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace gemel::fuzzing
