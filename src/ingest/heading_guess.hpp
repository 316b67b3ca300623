#pragma once

#include <span>

#include "ingest/field_splitter.hpp"
#include "ingest/text_file.hpp"

namespace gemel::ingest {

/// Whether the first of some lines, of which there is at least one, may be a heading of other names than the usual ones of users and items
/// (is_heading): words that name one of the two, or stand above numbers or above ids with digits.
bool may_be_heading(std::span<const SampleLine> lines, Separator separator);

}  // namespace gemel::ingest
