#pragma once

#include <string>
#include <string_view>

#include "features/encoder.hpp"
#include "gemel/model.hpp"
#include "ingest/columns.hpp"

namespace gemel::serving {

/// The value of a column: NAME=VALUE.
using gemel::NamedValue;

/// Throws UsageError for a text that is not NAME=VALUE; `option` ("--query") and `example` are for its message.
NamedValue parse_named_value(const std::string& text, std::string_view option, std::string_view example);

/// Gives all rows of the columns, of which none has that name yet, the value, with the type that the features need. Throws AgreedError
/// (usage) for what is no number where there must be one.
void add_constant(const NamedValue& value, const features::Encoder& encoder, ingest::Columns& columns);

}  // namespace gemel::serving
