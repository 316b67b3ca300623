#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/delimited_reader.hpp"
#include "ingest/file_layout.hpp"
#include "ingest/line_errors.hpp"
#include "ingest/line_notes.hpp"
#include "ingest/record_splitter.hpp"
#include "mpi/communicator.hpp"

namespace gemel::ingest {

/// What a line of pairs says; 0 for what it does not have.
struct Pair {
  std::string_view user;
  std::string_view item;
  double rating = 0;
  std::int64_t timestamp = 0;
  const std::vector<Field>* fields = nullptr;  ///< of the whole line
};

/// Reads the lines of a file of pairs.
class PairReader {
 public:
  /// `layout` must outlive it.
  explicit PairReader(const FileLayout& layout);

  /// What `line` says, valid until the next call. Null for the heading, blank lines, lines that may go on, and those that cannot be used, which
  /// then stand in `errors`.
  const Pair* operator()(const Line& line, LineErrors& errors);

  /// Whether the last line is not whole and leaves a quote open.
  bool goes_on() const { return goes_on_; }

  /// Root says how many of all ranks' lines had times with fractions of a second, which are cut off, and which is the first. Collective.
  void tell_of_fractions(const std::filesystem::path& path, mpi::Communicator& communicator) const;

  /// What to do about lines that cannot be used.
  static std::string remedy_for(const FileLayout& layout);

 private:
  bool has_right_fields(const Line& line, const std::vector<Field>& fields, LineErrors& errors);
  bool read_rating(const Line& line, const Field& field, LineErrors& errors);
  bool read_timestamp(const Line& line, const Field& field, LineErrors& errors);

  const FileLayout& layout_;
  RecordSplitter split_;
  std::size_t user_;
  std::size_t item_;
  std::optional<std::size_t> rating_;
  std::optional<std::size_t> timestamp_;
  LineNotes fractions_;
  Pair pair_;
  bool goes_on_ = false;
};

/// The whole of `text` as a whole number, which may have a decimal point and zeros, if it is one and a double can hold it.
std::optional<std::int64_t> parse_whole_decimal(std::string_view text);

}  // namespace gemel::ingest
