#include "report/json_text.hpp"

#include <nlohmann/json.hpp>

namespace gemel::report {

std::string json_text(const nlohmann::ordered_json& json) {
  using Handler = nlohmann::ordered_json::error_handler_t;
  return json.dump(2, ' ', /*ensure_ascii=*/false, Handler::replace) + "\n";
}

}  // namespace gemel::report
