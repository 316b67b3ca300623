// A feature as a user may declare it: what is understood is written in a way that is understood alike.
#include "base/error.hpp"
#include "features/feature.hpp"
#include "fuzz/fuzzing.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  try {
    const auto spec = features::parse_feature(fuzzing::text_of(data, size), 32);
    const std::string declaration = spec.declaration();
    const auto again = features::parse_feature(declaration, 32);
    fuzzing::check(again.declaration() == declaration && again.column == spec.column && again.dim == spec.dim,
                   "a declaration says the same when it is written again");
    fuzzing::check(again.kind->name() == spec.kind->name() && again.kind->argument() == spec.kind->argument(),
                   "a kind says the same when it is written again");
  } catch (const base::UsageError&) {
  }
  return 0;
}
