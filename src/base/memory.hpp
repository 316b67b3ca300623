#pragma once

#include <cstdint>
#include <string>

namespace gemel::base {

/// Bytes of memory that programs on this machine can still take: what the kernel calls available, or what the control group of the
/// process (a batch job's limit) leaves if that is less. Memory that the kernel takes back when it is needed, such as pages of files
/// that were read, is left. The kernel's files are read below the directory `root`; tests have one of their own.
std::int64_t available_memory(const std::string& root = "");

/// Bytes of memory that this process has now.
std::int64_t resident_memory();

/// The most bytes of memory that this process has had so far.
std::int64_t peak_memory();

}  // namespace gemel::base
