#include "gemel/version.hpp"

#include "gemel_commit.hpp"

namespace gemel {

std::string version() {
  return GEMEL_VERSION;
}

std::string commit() {
  return GEMEL_COMMIT;
}

}  // namespace gemel
