#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace gemel::report {

/// One document, whole lines. What is not UTF-8, as paths may be, has replacement characters.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace gemel::report
