#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ingest/field_splitter.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// The one separator of a file: the first that half of its first lines have, of tabs, "::", bars, semicolons, commas, and else blanks.
/// Bars come only where they give the lines the same number of fields, and neither semicolons nor commas do. Commas come before semicolons where only they give all lines the same number of fields. Of at least one line.
Separator choose_separator(const std::vector<SampleLine>& lines);

/// What the lines of a file may be.
enum class Likeness {
  lists,
  pairs,
  both,     ///< two fields a line, which say the same as a list and as a pair
  unclear,  ///< either
};

struct FormatGuess {
  Likeness likeness = Likeness::unclear;
  /// Of what is unclear: what was found, and what would settle it.
  std::string reason = {};
};

/// Of at least one line, none of which is a heading.
FormatGuess guess_format(const std::vector<SampleLine>& lines);

/// Whether a text is two or more numbers with blanks, commas, semicolons or bars between them, such as "12,15,7".
bool is_several_numbers(std::string_view text);

/// Whether lines look like one interaction each even to whom expects lists: they cannot be lists, or a field is a time, or a number
/// with decimals, in all of them.
bool are_surely_no_lists(const std::vector<SampleLine>& lines);

}  // namespace gemel::ingest
