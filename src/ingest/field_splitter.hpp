#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gemel::ingest {

/// What stands between the fields of a line.
enum class Separator {
  tab,
  double_colon,  ///< "::"
  semicolon,
  comma,
  bar,     ///< "|"
  blanks,  ///< blanks and tabs, any number of them, also at the ends of a line
};

/// For messages: "tabs".
std::string_view name_of(Separator separator);

/// Whether `text` has one.
bool contains(std::string_view text, Separator separator);

/// A field of a line.
struct Field {
  std::string_view text;    ///< what it says
  std::string_view source;  ///< where in the line it stands, quotes included
};

/// Cuts lines into fields. Between other separators than blanks an empty field is a field; blanks around a field are no part of it.
/// Tabs, semicolons, commas and bars may stand in a field that is in double quotes, which are doubled inside of it (RFC 4180), and so may line
/// ends, each of which becomes a blank.
class FieldSplitter {
 public:
  explicit FieldSplitter(Separator separator);

  /// The fields of `line`, valid until the next call. If a quote does not end as it should, fault() tells, and the fields after it
  /// are missing.
  const std::vector<Field>& operator()(std::string_view line);

  struct Fault {
    std::string_view where;     ///< empty when all is well
    std::string_view expected;  ///< for messages
    bool is_open = false;       ///< a quote has no end
  };
  const Fault& fault() const { return fault_; }
  Separator separator() const { return separator_; }

 private:
  void split_at_blanks(std::string_view line);
  /// Returns false if there may be fields in quotes.
  bool split_unquoted(std::string_view line, std::string_view mark);
  void split_quoted(std::string_view line, char mark);
  /// Adds the quoted field that begins at `start`, and returns where it ends; npos after a fault.
  std::size_t add_quoted(std::string_view line, std::size_t start, char mark);
  void append_unquoted(std::string_view text);

  Separator separator_;
  std::string_view mark_;
  std::vector<Field> fields_;
  std::string unquoted_;  // what fields with doubled quotes say
  Fault fault_;
};

}  // namespace gemel::ingest
