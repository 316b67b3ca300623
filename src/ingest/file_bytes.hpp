#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace gemel::ingest {

/// Bytes [begin, end) of a file.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Whether the file can be read only once: standard input, a pipe, a device. Throws DataError for what cannot be opened and for directories.
bool is_stream(const std::filesystem::path& path);

/// Whether the file can only be read from its beginning to its end: a stream, or one that is compressed (packing_of()). Throws as is_stream().
bool is_read_in_order(const std::filesystem::path& path);

/// All bytes of a file from its beginning to its end, unpacked if it is compressed. A stream is empty thereafter; waits for whoever writes it.
/// Throws DataError, also for more than this machine has memory for.
std::string read_in_order(const std::filesystem::path& path);

/// By which a file is known to be the same still.
struct FileState {
  std::uint64_t size = 0;    ///< in bytes
  std::int64_t changed = 0;  ///< when its content was changed, in nanoseconds
  bool operator==(const FileState&) const = default;
};

/// Of a file that is no stream. Throws DataError.
FileState state_of(const std::filesystem::path& path);

/// Throws DataError when the file is not in this state any more.
void require_unchanged(const std::filesystem::path& path, const FileState& state);

/// Throws DataError when the file does not have these bytes.
std::string read_bytes(const std::filesystem::path& path, ByteRange range);

/// Where the first line begins that starts after a newline at or after `position`; `size` if none does. Throws DataError.
std::uint64_t next_line_start(const std::filesystem::path& path, std::uint64_t position, std::uint64_t size);
/// The same of a file whose bytes are `bytes`.
std::uint64_t next_line_start(std::string_view bytes, std::uint64_t position);

/// Calls visit(piece) for pieces of about a megabyte, in order, of these bytes of a file. All but the last end with a newline. Throws
/// DataError when the file is not in this state any more, and for a line of more than a gigabyte.
void read_lines(const std::filesystem::path& path, ByteRange range, const FileState& state,
                const std::function<void(std::string_view)>& visit);

}  // namespace gemel::ingest
