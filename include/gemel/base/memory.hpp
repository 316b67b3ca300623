#pragma once

#include <cstdint>

namespace gemel::base {

/// Bytes of memory that programs on this machine can still take: what the kernel calls available, or what the control group of the
/// process (a batch job's limit) leaves if that is less.
std::int64_t available_memory();

/// Bytes of memory that this process has now.
std::int64_t resident_memory();

/// The most bytes of memory that this process has had so far.
std::int64_t peak_memory();

}  // namespace gemel::base
