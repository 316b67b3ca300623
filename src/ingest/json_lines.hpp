#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gemel/data.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// Whether a line begins as a JSON object does.
bool begins_object(std::string_view line);

/// The keys of all these objects, each once, in the order in which they come, those of objects in them as "a.b". Lines that are no
/// objects have none.
std::vector<std::string> keys_of_lines(const std::vector<SampleLine>& lines);

/// Leaves the keys that are not used out of both, so that nobody looks for them. keys[i] is that of columns[i].
void leave_out_unused(std::vector<std::string>& keys, PairColumns& columns);

}  // namespace gemel::ingest
