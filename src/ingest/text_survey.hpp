#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/text_encoding.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// What the bytes of a file are, which all of them together tell.
enum class Encoding { utf8, windows_1252 };

/// Looks at all bytes of a rank's share of a file, which come piece after piece; pieces end where lines do.
class TextSurvey {
 public:
  /// `begins_file`: the share begins where the file does, perhaps with the byte order mark of UTF-8, which is then no part of the text.
  explicit TextSurvey(bool begins_file) : begins_file_(begins_file) {}

  void add(std::string_view piece);

  std::int64_t lines() const { return lines_; }
  bool has_mark() const { return has_mark_; }

  /// What the whole file is: with no valid character of several bytes, but with bytes above 0x7f, Windows-1252 (of which Latin-1 is a part);
  /// root says so. `first_line` is the number of the share's first line. Throws mpi::AgreedError (data), naming line, column and a remedy, for
  /// NUL and other control characters but tabs, CRs that end no line, a byte order mark elsewhere, and a mixture of encodings. Collective.
  Encoding encoding(const std::filesystem::path& path, std::int64_t first_line,
                    mpi::Communicator& communicator) const;

 private:
  /// A byte of the share.
  struct Place {
    std::int64_t line = 0;   ///< from 0 in the share
    std::size_t column = 0;  ///< in bytes, from 1
    unsigned char byte = 0;
  };
  Place place_of(std::string_view piece, std::size_t at) const;

  bool begins_file_;
  bool has_mark_ = false;
  std::int64_t lines_ = 0;
  std::optional<TextFault> fault_;
  Place fault_at_;
  bool has_multibyte_ = false;
  std::optional<Place> invalid_at_;
  std::optional<Place> undefined_at_;
};

/// The piece of a file without the byte order mark of UTF-8 at its beginning.
std::string_view without_mark(std::string_view piece);

}  // namespace gemel::ingest
