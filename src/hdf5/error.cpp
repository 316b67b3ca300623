#include "hdf5/error.hpp"

#include <fmt/format.h>

namespace gemel::hdf5 {
namespace {

// Appends one entry of the error stack, from the call of ours inwards.
herr_t append_entry(unsigned, const H5E_error2_t* entry, void* text) {
  auto& joined = *static_cast<std::string*>(text);
  if (entry->desc != nullptr) joined += (joined.empty() ? "" : "; ") + std::string(entry->desc);
  return 0;
}

[[noreturn]] void fail(const char* call, const std::string& object) {
  std::string stack;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, append_entry, &stack);
  H5Eclear2(H5E_DEFAULT);
  throw Hdf5Error(fmt::format("{}({}): {}", call, object, stack.empty() ? "failed" : stack));
}

}  // namespace

void silence_error_printing() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

herr_t check(herr_t status, const char* call, const std::string& object) {
  if (status < 0) fail(call, object);
  return status;
}

hid_t check(hid_t identifier, const char* call, const std::string& object) {
  if (identifier < 0) fail(call, object);
  return identifier;
}

}  // namespace gemel::hdf5
