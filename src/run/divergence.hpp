#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "gemel/options.hpp"

namespace gemel::run {

/// Throws AgreedError (diverged): `what` has happened at a step, what to try, and which checkpoint is the last; none if that is
/// empty. All ranks must know of it.
[[noreturn]] void throw_diverged(const std::string& what, std::int64_t step, const TrainingOptions& options,
                                 const std::filesystem::path& last);

}  // namespace gemel::run
