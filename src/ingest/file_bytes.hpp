#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// Bytes [begin, end) of a file.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Whether the file can only be read from its beginning to its end, and once: standard input, a pipe, a device. Throws DataError
/// for what cannot be opened and for directories.
bool is_stream(const std::filesystem::path& path);

/// All bytes of a stream, which is empty thereafter. Waits for whoever writes it. Throws DataError.
std::string read_stream(const std::filesystem::path& path);

/// In bytes. Throws DataError.
std::uint64_t size_of(const std::filesystem::path& path);

/// Throws DataError when the file does not have these bytes.
std::string read_bytes(const std::filesystem::path& path, ByteRange range);

/// The share of part `part` of `parts` of a file of `size` bytes, cut at line ends: it begins after the first
/// newline at or after byte part * size / parts (part 0 begins with the file), and ends where the next part
/// begins. Throws DataError.
ByteRange share_of_lines(const std::filesystem::path& path, std::uint64_t size, int part, int parts);

/// The same share of a file whose bytes are `bytes`.
ByteRange share_of_lines(std::string_view bytes, int part, int parts);

}  // namespace gemel::ingest
