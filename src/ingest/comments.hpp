#pragma once

#include <string_view>
#include <vector>

#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// Whether a line is a comment whatever other lines are: it begins with "#", "%" or "//" and a blank after it, or with "##" or "%%", or
/// is no more than that. Files of interactions have none, and whoever reads one refuses it.
bool is_comment(std::string_view line);

/// The first of `lines`, those at the beginning of a file, that is a comment, or probably is: it begins with "#" or "%", as an id may, but
/// only lines at the beginning do, or few of many. Null: there is none. Of at least one line.
const SampleLine* find_comment(const std::vector<SampleLine>& lines);

}  // namespace gemel::ingest
