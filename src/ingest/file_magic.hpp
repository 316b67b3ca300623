#pragma once

#include <filesystem>
#include <string_view>

namespace gemel::ingest {

/// Throws DataError when a file that begins with `head` is known not to have interactions or items a line: compressed in a way that
/// read_in_order() does not know, a container
/// of another format, JSON, HTML, or text in UTF-16 or UTF-32. The message says what it is, and the command that makes lines of it.
void refuse_other_formats(const std::filesystem::path& path, std::string_view head);

}  // namespace gemel::ingest
