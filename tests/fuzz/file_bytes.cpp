// Shares of a file, of which the first byte of the input says how many: together they are the file, cut where lines end.
#include "ingest/file_bytes.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/even_cuts.hpp"
#include "fuzz/fuzzing.hpp"

namespace gemel::ingest {
namespace {

/// A file that goes with the program.
struct ScratchFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("fuzz_file_bytes." + std::to_string(::getpid()));

  ScratchFile() = default;
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

}  // namespace
}  // namespace gemel::ingest

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gemel;
  using namespace gemel::ingest;
  static const ScratchFile file;
  std::string_view bytes = fuzzing::text_of(data, size);
  const int parts = 1 + fuzzing::take_byte(bytes) % 8;
  std::ofstream(file.path, std::ios::binary) << bytes;
  const FileState state = state_of(file.path);
  fuzzing::check(state.size == bytes.size(), "the file has its bytes");
  const base::EvenCuts cuts(static_cast<std::int64_t>(bytes.size()), parts);
  std::string all;
  std::uint64_t begin = 0;
  for (int part = 0; part < parts; ++part) {
    const auto cut = static_cast<std::uint64_t>(cuts.start(part + 1));
    const std::uint64_t end =
        part + 1 == parts ? bytes.size() : next_line_start(file.path, cut, bytes.size());
    if (part + 1 < parts)
      fuzzing::check(end == next_line_start(bytes, cut), "in memory lines begin there, too");
    fuzzing::check(end >= begin, "shares are in order");
    std::string share;
    read_lines(file.path, {begin, end}, state, [&](std::string_view piece) {
      fuzzing::check(share.empty() || share.back() == '\n', "pieces are whole lines");
      share += piece;
    });
    fuzzing::check(end == bytes.size() || share.empty() || share.back() == '\n', "shares are whole lines");
    fuzzing::check(read_bytes(file.path, {begin, end}) == share, "a share has its bytes");
    all += share;
    begin = end;
  }
  fuzzing::check(all == bytes, "shares together are the file");
  return 0;
}
