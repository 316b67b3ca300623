#include "ingest/field_splitter.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/error.hpp"

namespace gemel::ingest {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

/// Eight bytes of a text, the first one lowest; 0 beyond its end.
std::uint64_t word_at(std::string_view text, std::size_t at) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t word = 0;
  if (at + sizeof(word) <= text.size()) {
    std::memcpy(&word, text.data() + at, sizeof(word));
  } else {
    for (std::size_t i = text.size(); i > at; --i) word = word << 8 | static_cast<unsigned char>(text[i - 1]);
  }
  return word;
}

/// 0x80 in each byte of a word that is `c`, which is ASCII; 0 in the others.
std::uint64_t bytes_that_are(char c, std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t low_bits = 0x7f * ones;
  const std::uint64_t others = word ^ (static_cast<unsigned char>(c) * ones);
  return ~(((others & low_bits) + low_bits) | others | low_bits);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view mark_of(Separator separator) {
  switch (separator) {
    case Separator::tab:
      return "\t";
    case Separator::double_colon:
      return "::";
    case Separator::semicolon:
      return ";";
    case Separator::comma:
      return ",";
    case Separator::bar:
      return "|";
    case Separator::blanks:
      return " ";
  }
  throw base::InternalError("an unknown separator");
}

}  // namespace

std::string_view name_of(Separator separator) {
  switch (separator) {
    case Separator::tab:
      return "tabs";
    case Separator::double_colon:
      return "'::'";
    case Separator::semicolon:
      return "semicolons";
    case Separator::comma:
      return "commas";
    case Separator::bar:
      return "bars '|'";
    case Separator::blanks:
      return "blanks";
  }
  throw base::InternalError("an unknown separator");
}

bool contains(std::string_view text, Separator separator) {
  if (separator == Separator::blanks) return std::ranges::any_of(text, is_blank);
  return text.find(mark_of(separator)) != nowhere;
}

FieldSplitter::FieldSplitter(Separator separator) : separator_(separator), mark_(mark_of(separator)) {}

const std::vector<Field>& FieldSplitter::operator()(std::string_view line) {
  fields_.clear();
  fault_ = {};
  if (separator_ == Separator::blanks) {
    split_at_blanks(line);
  } else if (!split_unquoted(line, mark_)) {
    fields_.clear();
    split_quoted(line, mark_.front());
  }
  return fields_;
}

void FieldSplitter::split_at_blanks(std::string_view line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  while (true) {
    at = std::find_if_not(at, end, is_blank);
    if (at == end) return;
    const char* const start = at;
    at = std::find_if(at, end, is_blank);
    const std::string_view field(start, static_cast<std::size_t>(at - start));
    fields_.push_back({field, field});
  }
}

bool FieldSplitter::split_unquoted(std::string_view line, std::string_view mark) {
  const bool may_be_quoted = mark.size() == 1;
  std::size_t start = 0;
  const auto add = [&](std::size_t end) {
    const std::string_view field = trimmed(line.substr(start, end - start));
    fields_.push_back({field, field});
    start = end + mark.size();
  };
  for (std::size_t word_start = 0; word_start < line.size(); word_start += sizeof(std::uint64_t)) {
    const std::uint64_t word = word_at(line, word_start);
    if (may_be_quoted && bytes_that_are('"', word) != 0) return false;
    for (std::uint64_t marks = bytes_that_are(mark[0], word); marks != 0; marks &= marks - 1) {
      const std::size_t at = word_start + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
      const bool is_whole = mark.size() == 1 || (at + 1 < line.size() && line[at + 1] == mark[1]);
      if (is_whole && at >= start) add(at);
    }
  }
  add(line.size());
  return true;
}

void FieldSplitter::split_quoted(std::string_view line, char mark) {
  unquoted_.clear();
  unquoted_.reserve(line.size());  // so that what points into it stays valid
  for (std::size_t start = 0; start <= line.size();) {
    std::size_t first = start;
    while (first < line.size() && is_blank(line[first]) && line[first] != mark) ++first;
    std::size_t end = 0;
    if (first < line.size() && line[first] == '"') {
      end = add_quoted(line, first, mark);
      if (end == nowhere) return;
    } else {
      end = std::min(line.find(mark, start), line.size());
      const std::string_view field = trimmed(line.substr(start, end - start));
      fields_.push_back({field, field});
    }
    start = end + 1;
  }
}

void FieldSplitter::append_unquoted(std::string_view text) {
  for (std::size_t end = text.find('\n'); end != nowhere; end = text.find('\n')) {
    unquoted_.append(text.substr(0, end > 0 && text[end - 1] == '\r' ? end - 1 : end)).append(" ");
    text.remove_prefix(end + 1);
  }
  unquoted_.append(text);
}

std::size_t FieldSplitter::add_quoted(std::string_view line, std::size_t start, char mark) {
  const std::size_t first = unquoted_.size();
  std::size_t at = start + 1;
  while (true) {
    const std::size_t quote = line.find('"', at);
    if (quote == nowhere) {
      fault_ = {line.substr(start), "a closing double quote", true};
      return nowhere;
    }
    append_unquoted(line.substr(at, quote - at));
    at = quote + 1;
    if (at == line.size() || line[at] != '"') break;
    unquoted_ += '"';
    ++at;
  }
  const std::size_t end = std::min(line.find(mark, at), line.size());
  if (!trimmed(line.substr(at, end - at)).empty()) {
    fault_ = {line.substr(at, end - at),
              "the field to end with its closing double quote; double the quotes inside of it"};
    return nowhere;
  }
  fields_.push_back({std::string_view(unquoted_).substr(first), line.substr(start, at - start)});
  return end;
}

}  // namespace gemel::ingest
